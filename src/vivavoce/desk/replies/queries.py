"""Reads drafts and the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef

from vivavoce.desk.inbox.models import Post
from vivavoce.desk.replies.models import Draft, Reply

if TYPE_CHECKING:
    from datetime import datetime

    from vivavoce.desk.inbox.models import Conversation
    from vivavoce.desk.team.models import Teammate

OUTBOX_SHOWN_MAX = 200
"""More on one page helps nobody; the oldest come first, as they are handled."""

ON_THE_WAY_OR_THERE = (Reply.State.QUEUED, Reply.State.SENDING, Reply.State.UNKNOWN, Reply.State.SENT)


@dataclass(frozen=True, slots=True)
class Answer:
    """The last answer to what the person wrote last; ``reply`` is None for one given outside this desk."""

    token: str
    at: datetime
    reply: Reply | None = None


@dataclass(frozen=True, slots=True)
class Outbox:
    """Replies that are not simply sent."""

    mine: tuple[Reply, ...]
    others: tuple[Reply, ...]
    asking: int
    """How many of mine do nothing more until I decide."""


def draft_of(*, conversation: Conversation, teammate: Teammate) -> str:
    """Return what a teammate has begun to write in a conversation."""
    draft = Draft.objects.filter(conversation=conversation, teammate=teammate).first()
    return draft.text if draft is not None else ""


def answer_last(conversation: Conversation) -> Answer | None:
    """Return the last answer since the person wrote last, on its way or there; the page sends its token back."""
    wrote = Post.objects.filter(conversation=conversation, ours=False).order_by("-seen_at").first()
    since = {"seen_at__gte": wrote.seen_at} if wrote is not None else {}
    replies = Reply.objects.filter(conversation=conversation, state__in=ON_THE_WAY_OR_THERE)
    reply = replies.select_related("teammate").order_by("-queued_at").first()
    ours = Post.objects.filter(conversation=conversation, ours=True, deleted_at=None, **since)
    from_here = Reply.objects.filter(conversation=conversation, remote_id=OuterRef("remote_id"))
    outside = ours.exclude(Exists(from_here)).order_by("-seen_at").first()
    answers = []
    if reply is not None and (wrote is None or reply.queued_at >= wrote.stored_at):
        answers.append(Answer(token=f"reply:{reply.pk}", at=reply.queued_at, reply=reply))
    if outside is not None:
        answers.append(Answer(token=f"post:{outside.pk}", at=outside.seen_at))
    return max(answers, key=lambda answer: answer.at, default=None)


def outbox_for(teammate: Teammate) -> Outbox:
    """Return the replies that are not simply sent: a teammate's own, and the others'."""
    open_ones = Reply.objects.filter(settled_at=None).exclude(state=Reply.State.SENT).order_by("queued_at")
    shown = open_ones.select_related("teammate", "presence", "conversation__person", "conversation__account", "answers")
    mine = tuple(shown.filter(teammate=teammate)[:OUTBOX_SHOWN_MAX])
    others = tuple(shown.exclude(teammate=teammate)[:OUTBOX_SHOWN_MAX])
    return Outbox(mine=mine, others=others, asking=sum(reply.asks_for_a_person for reply in mine))
