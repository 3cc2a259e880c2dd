"""What every page knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpRequest


def desk(_request: HttpRequest) -> dict[str, object]:
    """Return what the frame of each page shows."""
    return {}
