"""What the doctor says of one thing; apart from ``doctor``, so that it can be said before Django stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``state`` is ``ok``, ``look`` (worth a look) or ``wrong``."""

    state: str
    what: str
    how: str
    do: str = ""
