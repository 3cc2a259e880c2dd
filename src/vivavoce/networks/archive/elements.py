"""The items of one long JSON list, one at a time, from a file that is never read whole.

A parser stops for good at the first mistake. This finds only where each item begins and ends, so that one broken item
is one rejected row; what lies between is left to ``json``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from vivavoce.errors import BadInputError
from vivavoce.networks.archive.rows import ITEM_BYTES_MAX, Rejected, RowError

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK_BYTES = 64 * 1024
DEPTH_MAX = 32
"""Lists and objects around an item; real archives have four."""
NOTE_BYTES_MAX = 1_024
"""Texts beside the items that are kept to understand them, such as the name of a conversation."""
NOTES_MAX = 32
"""Such texts of one object: a conversation has one, an outbox three."""
PREFIX_BYTES_MAX = 4_096
"""What may stand before the list: ``window.YTD.tweets.part0 = `` and a comment."""

EACH = "*"
"""In a path: the members of a list."""

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_OUTSIDE = re.compile(_STRING + rb'|["{}\[\],:]', re.DOTALL)
_INSIDE = re.compile(_STRING + rb'|["{}\[\]]', re.DOTALL)


class Readable(Protocol):
    """What can be read on from."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, none at the end."""
        ...


class Item(NamedTuple):
    """One member of the list: its number from 1, its bytes, and the texts of the objects around it by name."""

    number: int
    data: bytes
    notes: dict[str, str]


class _BrokenError(Exception):
    """From here on the file cannot be understood."""


@dataclass(slots=True)
class _Frame:
    is_object: bool
    key: str = EACH
    wants_key: bool = False
    notes: dict[str, str] = field(default_factory=dict)


def decoded(data: bytes) -> object:
    """Read JSON from bytes.

    Raises:
        RowError: it is not UTF-8, not JSON, nested too deeply, or has a number of thousands of digits.
    """
    try:
        return json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        message = f"not UTF-8 (byte 0x{data[error.start]:02X} at place {error.start + 1}): save the file as UTF-8"
        raise RowError(message) from error
    except json.JSONDecodeError as error:
        message = f"not JSON: {error.msg.lower()} at place {error.pos + 1}"
        raise RowError(message) from error
    except (ValueError, RecursionError) as error:
        message = "JSON with a number too long or lists too deep to be a post"
        raise RowError(message) from error


def items(file: Readable, path: tuple[str, ...], *, name: str) -> Iterator[Item | Rejected]:
    """Yield the items at ``path`` (names of members, ``EACH`` for a list's) in the file's order.

    Holds at most two items' bytes (``ITEM_BYTES_MAX`` each). ``name`` is the file's, for messages.

    Raises:
        BadInputError: there is no list at ``path``.
    """
    scanner = _Scanner(file, path)
    try:
        yield from scanner.run()
    except _BrokenError as error:
        yield Rejected(scanner.count + 1, f"{error}; what follows in {name} cannot be read")
    if not scanner.found_list:
        wanted = ".".join(part for part in scanner.outer if part != EACH) or "list"
        message = f"{name} holds no {wanted}: it is not the file that this format has; try another --format."
        raise BadInputError(message)


class _Scanner:
    def __init__(self, file: Readable, path: tuple[str, ...]) -> None:
        self.file, self.path = file, path
        self.outer = path[: path.index(EACH) + 1]  # of lists within lists the outer one must be there
        self.buffer, self.at = b"", 0
        self.start: int | None = None  # where the item being read begins, in the buffer
        self.stack: list[_Frame] = []
        self.count = 0
        self.found_list = False

    def run(self) -> Iterator[Item | Rejected]:
        while (token := self._token(_OUTSIDE)) is not None:
            found = self._step(*token)
            if found is not None:
                yield found
            if not self.stack and token[1] in b"]}":
                return
        if self.stack:
            message = "the file ends in the middle"
            raise _BrokenError(message)

    def _step(self, start: int, token: bytes) -> Item | Rejected | None:
        """Take one token outside of items; return the item that it begins, if it does."""
        if not self.stack:
            self._begin(start, token)
            return None
        frame = self.stack[-1]
        if token in (b"{", b"["):
            if self._here() == self.path:
                return self._item(start)
            self._enter(is_object=token == b"{")
        elif token in (b"}", b"]"):
            self.stack.pop()
        elif token == b",":
            frame.wants_key = frame.is_object
        elif token != b":":
            return self._string(frame, token)
        return None

    def _begin(self, start: int, token: bytes) -> None:
        if token in (b"{", b"["):
            self._enter(is_object=token == b"{")
        elif start > PREFIX_BYTES_MAX:
            message = "no JSON at its beginning"
            raise _BrokenError(message)

    def _string(self, frame: _Frame, token: bytes) -> Item | None:
        if frame.wants_key:
            frame.key, frame.wants_key = _text(token), False
        elif self._here() == self.path:
            self.count += 1
            return Item(self.count, token, {})
        elif frame.is_object and len(token) <= NOTE_BYTES_MAX and len(frame.notes) < NOTES_MAX:
            frame.notes[frame.key] = _text(token)
        return None

    def _here(self) -> tuple[str, ...]:
        return tuple(frame.key for frame in self.stack)

    def _enter(self, *, is_object: bool) -> None:
        if len(self.stack) >= DEPTH_MAX:
            message = "lists within lists too deep"
            raise _BrokenError(message)
        if not is_object and (*self._here(), EACH) == self.outer:
            self.found_list = True
        self.stack.append(_Frame(is_object=is_object, wants_key=is_object))

    def _item(self, start: int) -> Item | Rejected:
        """Read on to the end of the item that begins at ``start``."""
        self.start, self.count = start, self.count + 1
        depth = 1
        while depth:
            token = self._token(_INSIDE)
            if token is None:
                self.count -= 1
                message = "the file ends in the middle of an item"
                raise _BrokenError(message)
            if token[1] in (b"{", b"["):
                depth += 1
            elif token[1] in (b"}", b"]"):
                depth -= 1
        begin, self.start = self.start, None
        if begin is None or self.at - begin > ITEM_BYTES_MAX:
            return Rejected(self.count, f"the item is longer than {ITEM_BYTES_MAX // 2**20} MiB")
        notes = {key: value for frame in self.stack for key, value in frame.notes.items()}
        return Item(self.count, self.buffer[begin : self.at], notes)

    def _token(self, pattern: re.Pattern[bytes]) -> tuple[int, bytes] | None:
        while True:
            found = pattern.search(self.buffer, self.at)
            if found and found[0] != b'"':
                self.at = found.end()
                return found.start(), found[0]
            self.at = found.start() if found else len(self.buffer)  # a lone quote: its end is still to come
            if len(self.buffer) - self.at > ITEM_BYTES_MAX:
                message = f"a text is longer than {ITEM_BYTES_MAX // 2**20} MiB"
                raise _BrokenError(message)
            if not self._more():
                return None

    def _more(self) -> bool:
        if self.start is not None and len(self.buffer) - self.start > ITEM_BYTES_MAX:
            self.start = None  # too long: read on to its end, and hold no more of it
        keep = self.at if self.start is None else min(self.at, self.start)
        held = self.buffer[keep:]
        chunk = self.file.read(max(CHUNK_BYTES, len(held)))  # doubling, so that long texts are not searched forever
        self.buffer = held + chunk
        self.at -= keep
        if self.start is not None:
            self.start -= keep
        return bool(chunk)


def _text(token: bytes) -> str:
    try:
        found = json.loads(token)
    except ValueError:
        return ""
    return found if isinstance(found, str) else ""
