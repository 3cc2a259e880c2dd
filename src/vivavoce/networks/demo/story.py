"""The day of the demo as its writer left it: people, what they post, and how each reacts to an answer.

``stories/people.jsonl`` has one person a line, every other file of the folder one text a line::

    {"id": "bill-1", "at": "08:21", "who": "karim.benali", "lang": "fr", "text": "..."}

``at`` is the story's clock. More, where needed: ``re`` (the text it answers), ``quotes``, ``private``, ``edits`` or
``deletes`` (another text's id), ``patience_min`` (how long an answer is in time), and the reactions: ``in_time`` and
``late`` (what the person says to the brand's first answer, second answer, ...) and ``never`` (when nobody comes).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BRAND = "ostrel"
BRAND_NAME = "Ostrel Énergie & Eau"
OPENS = "11:00"
"""When the desk is first opened; all that was posted before is the recent past."""

PATIENCE_MIN = 120
"""Minutes of the story within which an answer is in time, unless a text says otherwise."""


@dataclass(frozen=True, slots=True)
class Character:
    """Somebody of the story."""

    who: str
    name: str
    lang: str
    about: str = ""
    says_automated: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One text of the story, or the taking back of one."""

    id: str
    at_min: int
    who: str
    text: str = ""
    lang: str = ""
    re: str = ""
    quotes: bool = False
    private: bool = False
    edits: str = ""
    deletes: str = ""
    patience_min: int = PATIENCE_MIN
    in_time: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    never: str = ""

    @property
    def reacts(self) -> bool:
        """The person has something to say to what the brand does."""
        return bool(self.in_time or self.late or self.never)


@dataclass(frozen=True)
class Story:
    """The whole day."""

    people: Mapping[str, Character]
    lines: Mapping[str, Line]
    opens_min: int = field(default_factory=lambda: minutes(OPENS))

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield each text that can be read in the day, reactions included, with its language."""
        for line in self.lines.values():
            said = (line.text, *line.in_time, *line.late, line.never)
            yield from ((line.lang, text) for text in said if text)

    def reacting(self, line_id: str) -> Line | None:
        """Return the line whose reactions an answer to ``line_id`` sets off: itself, or what its author said before."""
        line = self.lines.get(line_id)
        who = line.who if line else ""
        while line is not None and not (line.reacts and line.who == who):
            line = self.lines.get(line.re)
        return line


def minutes(at: str) -> int:
    """Return the minutes since midnight of ``HH:MM``."""
    hours, rest = at.split(":")
    return int(hours) * 60 + int(rest)


def _rows(name: str) -> Iterator[dict[str, Any]]:
    text = files(__package__).joinpath("stories", name).read_text(encoding="utf-8")
    return (json.loads(row) for row in text.splitlines() if row.strip())


def _line(row: dict[str, Any], people: Mapping[str, Character]) -> Line:
    fields: dict[str, Any] = {**row, "at_min": minutes(row["at"])}
    del fields["at"]
    fields.setdefault("lang", people[row["who"]].lang)
    fields["in_time"] = tuple(row.get("in_time", ()))
    fields["late"] = tuple(row.get("late", ()))
    return Line(**fields)


@cache
def read() -> Story:
    """Read the story that is shipped, in the order of its clock."""
    people = {row["who"]: Character(**row) for row in _rows("people.jsonl")}
    names = sorted(
        entry.name for entry in files(__package__).joinpath("stories").iterdir() if entry.name.endswith(".jsonl")
    )
    lines = [_line(row, people) for name in names if name != "people.jsonl" for row in _rows(name)]
    lines.sort(key=lambda line: line.at_min)
    return Story(people, {line.id: line for line in lines})
