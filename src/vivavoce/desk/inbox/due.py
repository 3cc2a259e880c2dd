"""When a post is due by the team's rule: ``need`` and ``hours`` put together, for rows of the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from vivavoce.desk.inbox.hours import Hours, due_at
from vivavoce.desk.inbox.models import Correction, Post, Reading
from vivavoce.desk.inbox.need import FALSE, TRUE, UNSURE, Allowances, need_of
from vivavoce.desk.team.models import Rule

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

DECIDED = ("sentiment", "emotion", "cause", "wants", "urgency", "needs_person", "danger")
"""What a reading decides and a teammate may correct; each is a column of ``Reading``."""


@dataclass(frozen=True, slots=True)
class TeamRule:
    """A team's allowances and opening hours, read once for many posts."""

    allowances: Allowances
    hours: Hours

    @classmethod
    def of(cls, rule: Rule) -> TeamRule:
        """Make it from the stored rule. Raises ``BadInputError`` when its hours cannot be read."""
        return cls(
            allowances=Allowances(
                danger=rule.allowance_danger_min,
                hour=rule.allowance_hour_min,
                today=rule.allowance_today_min,
                week=rule.allowance_week_min,
                none=rule.allowance_none_min,
            ),
            hours=Hours.of(time_zone=rule.time_zone, hours=rule.hours, holidays=rule.holidays),
        )

    @classmethod
    def load(cls) -> TeamRule:
        """Read the rule that holds now; a team that has set none has the defaults."""
        return cls.of(Rule.objects.first() or Rule())


def word(value: object) -> str:
    """Return a decided label as it is stored: yes and no become ``true`` and ``false``."""
    if value is None:
        return UNSURE
    if isinstance(value, bool):
        return TRUE if value else FALSE
    return str(value)


def decided_of(record: Mapping[str, Any], corrections: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what counts of a reader's record: its decisions, and over them what teammates have corrected."""
    decided = {label: word(record["decided"].get(label)) for label in DECIDED}
    return decided | dict(corrections or {})


def set_due(  # noqa: PLR0913 - all that a due time depends on
    post: Post,
    decided: Mapping[str, str],
    record: Mapping[str, Any],
    rule: TeamRule,
    *,
    now: datetime,
    corrected: Collection[str] = (),
) -> bool:
    """Set lane, due time and reason on a post, unsaved; say whether one of them changed.

    A post that claims to arrive in the future arrives now.
    """
    need = need_of(decided, record["urgency"], rule.allowances, corrected=corrected)
    arrival = min(post.seen_at, now)
    if need.by_clock:
        due = arrival + timedelta(minutes=need.allowance_minutes)
    else:
        due = due_at(arrival, need.allowance_minutes, rule.hours)
    before = (post.lane, post.due_at, post.due_reason)
    post.lane, post.due_at, post.due_reason = need.lane, due, need.reason
    return before != (need.lane, due, need.reason)


def due_of_stored(posts: Iterable[Post], rule: TeamRule, *, now: datetime) -> list[Post]:
    """Set the due times of stored posts anew, unsaved, and return those that changed. Two statements."""
    rows = {post.pk: post for post in posts}
    if not rows:
        return []
    corrections = corrections_of(rows)
    changed = []
    for reading in Reading.objects.filter(post__in=rows):
        post = rows[reading.post_id]
        decided = {label: getattr(reading, label) for label in DECIDED}
        if set_due(post, decided, reading.record, rule, now=now, corrected=corrections.get(post.pk, ())):
            changed.append(post)
    return changed


def corrections_of(posts: Iterable[int]) -> dict[int, dict[str, str]]:
    """Return what teammates have corrected of posts, by id: the last word on each label."""
    found: dict[int, dict[str, str]] = {}
    rows = Correction.objects.filter(post__in=list(posts)).order_by("pk").values_list("post", "label", "now")
    for post, label, value in rows:
        found.setdefault(post, {})[label] = value
    return found
