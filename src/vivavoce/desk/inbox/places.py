"""A place in the queue: the key of its index, as a value, in an address, and compared in the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import BooleanField, DateTimeField, F, Func, IntegerField, Value

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import QuerySet
    from django.db.models.sql.compiler import SQLCompiler

    from vivavoce.desk.inbox.models import Person

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

PERSON_MAX = 2**62
"""Above any row's number, and within what a database takes."""

ORDER = ("lane", "due_at", "id")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the queue: the key that its index is ordered by."""

    lane: int
    due_at: datetime
    person: int

    def __str__(self) -> str:
        """Write it for an address: ``lane-microseconds-person``."""
        return f"{self.lane}-{(self.due_at - EPOCH) // MICROSECOND}-{self.person}"

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """Read what ``str`` wrote; None for anything else."""
        try:
            lane, due, person = (int(part) for part in text.split("-"))
            return cls(min(lane, 1), EPOCH + due * MICROSECOND, min(person, PERSON_MAX))
        except (ValueError, OverflowError):
            return None

    @classmethod
    def of(cls, person: Person) -> Place | None:
        """Return where a person stands; None when they do not wait."""
        return None if person.due_at is None else cls(person.lane, person.due_at, person.pk)


def after(people: QuerySet[Person], place: Place) -> QuerySet[Person]:
    """Keep those who stand behind a place."""
    return people.filter(_Compared(place, ">"))


def up_to(people: QuerySet[Person], place: Place) -> QuerySet[Person]:
    """Keep those who stand at a place or before it."""
    return people.filter(_Compared(place, "<="))


class _Compared(Func):
    """The queue's key compared with a place as one row value.

    Django writes row comparisons for SQLite as nested ORs, for which it walks the index from the front; as a row value
    (SQLite 3.15, PostgreSQL) it starts at the place.
    """

    output_field = BooleanField()

    def __init__(self, place: Place, operator: str) -> None:
        super().__init__(
            *(F(name) for name in ORDER),
            Value(place.lane, output_field=IntegerField()),
            Value(place.due_at, output_field=DateTimeField()),
            Value(place.person, output_field=IntegerField()),
        )
        self.operator = operator

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_context: Any) -> tuple[str, list[Any]]:  # type: ignore[override]  # noqa: ANN401, ARG002 # Django's signature
        """Write ``(lane, due_at, id) > (…, …, …)``."""
        written = [compiler.compile(expression) for expression in self.get_source_expressions()]
        sides = [", ".join(sql for sql, _given in side) for side in (written[: len(ORDER)], written[len(ORDER) :])]
        return f"({sides[0]}) {self.operator} ({sides[1]})", [value for _sql, given in written for value in given]
