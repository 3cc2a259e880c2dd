"""How soon a post needs a person, and why. Pure: a reading and the team's allowances in, a need out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vivavoce.desk.inbox.models import Lane

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

PLAUSIBLE = 0.2
"""When the reader is unsure, an urgency of at least this probability counts; of four that sum to 1, one always does."""

URGENCIES = ("hour", "today", "week", "none")
"""From the shortest allowance to the longest."""

PRESSING = ("hour", "today")

UNSURE, TRUE, FALSE = "unsure", "true", "false"
"""How decided labels are stored; yes and no in words, since the reader may also be unsure."""


@dataclass(frozen=True, slots=True)
class Allowances:
    """Minutes until an answer is due: danger by the clock, the others in opening time."""

    danger: int
    hour: int
    today: int
    week: int
    none: int

    def of(self, urgency: str) -> int:
        """Return the minutes for one of ``URGENCIES``."""
        return {"hour": self.hour, "today": self.today, "week": self.week, "none": self.none}[urgency]


@dataclass(frozen=True, slots=True)
class Need:
    """What a post needs: its lane, its allowance in minutes, whether by the clock, and a code of ``reasons``."""

    lane: Lane
    allowance_minutes: int
    by_clock: bool
    reason: str


def need_of(
    decided: Mapping[str, str],
    urgency: Mapping[str, float],
    allowances: Allowances,
    *,
    corrected: Collection[str] = (),
) -> Need:
    """Say how soon a post needs a person.

    Args:
        decided: what counts now of ``danger``, ``urgency`` and ``needs_person``, corrections included.
        urgency: the reader's probability of each of ``URGENCIES``; used only when it could not decide.
        allowances: the team's rule.
        corrected: the labels that a teammate has set; her word on urgency stands, whatever else was read.

    Every post that waits has a need: who needs nobody gets the longest allowance. Danger goes by the clock, and so
    does a doubt about it, in the ordinary lane: a person looks within the hour, whatever the hour.
    """
    if decided["danger"] == TRUE:
        return Need(Lane.DANGER, allowances.danger, by_clock=True, reason="danger")
    if decided["danger"] == UNSURE:
        return Need(Lane.ORDINARY, allowances.hour, by_clock=True, reason="danger_unsure")
    said = decided["urgency"]
    nobody = decided["needs_person"] == FALSE and "urgency" not in corrected and said not in PRESSING
    if nobody:
        return Need(Lane.ORDINARY, allowances.none, by_clock=False, reason="nobody")
    if said in URGENCIES:
        return Need(Lane.ORDINARY, allowances.of(said), by_clock=False, reason=said)
    held = _shortest_plausible(urgency)
    return Need(Lane.ORDINARY, allowances.of(held), by_clock=False, reason=f"{held}_unsure")


def _shortest_plausible(urgency: Mapping[str, float]) -> str:
    """Return the most pressing urgency that may well be; the most pressing of all when nothing is known."""
    return next((name for name in URGENCIES if urgency.get(name, 0.0) >= PLAUSIBLE), URGENCIES[0])
