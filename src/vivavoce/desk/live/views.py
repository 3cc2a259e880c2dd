"""The stream of signals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.http import StreamingHttpResponse
from django.views.decorators.http import require_GET

from vivavoce.desk.live.stream import TOPICS_MAX, events

if TYPE_CHECKING:
    from django.http import HttpRequest

TOPIC = re.compile(r"queue|outbox|alerts|overheard|conversation:\d{1,18}", re.ASCII)
"""What a screen may ask to hear of."""


@require_GET
async def live_stream(request: HttpRequest) -> StreamingHttpResponse:
    """Tell a browser which of its topics change, until it goes or is too old."""
    asked = request.GET.get("topics", "").split(",")[:TOPICS_MAX]
    topics = {topic for topic in asked if TOPIC.fullmatch(topic)}
    response = StreamingHttpResponse(events(topics), content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response
