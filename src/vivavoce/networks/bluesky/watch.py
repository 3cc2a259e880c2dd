"""Watched words: whether a text says one of them, whatever its case and accents."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vivavoce.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Iterable

WORDS_MAX = 100
"""A brand has a few names and products; more would be a search engine."""

WORD_CHARACTERS_MAX = 100
"""Longer than any name; a pasted paragraph is a mistake."""

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "＃": "#"})  # noqa: RUF001 - a hashtag's other sign
_ESCAPE = "\\u"
_JSON_BREAKS = re.compile(r'[\s"\\/]+')


def fold(text: str) -> str:
    """Return the text without case, accents and ligatures."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES)).casefold()
    decomposed = unicodedata.normalize("NFKD", decomposed)  # folding can compose and decompose again
    return "".join(character for character in decomposed if not unicodedata.combining(character))


@dataclass(frozen=True, slots=True)
class Watch:
    """Watched words and hashtags, folded; made by ``Watch.parse``."""

    words: tuple[str, ...]
    hashtags: frozenset[str]
    pattern: re.Pattern[str] | None
    stems: tuple[str, ...]
    """Of each word its longest piece that JSON writes as it is: when none stands in a message, no word can."""

    @classmethod
    def parse(cls, setting: str) -> Watch:
        """Read the setting: words, phrases and #hashtags between commas.

        Raises:
            NetworkError: there are too many, or one is too long.
        """
        entries = list(dict.fromkeys(filter(None, (" ".join(fold(part).split()) for part in setting.split(",")))))
        if len(entries) > WORDS_MAX or any(len(entry) > WORD_CHARACTERS_MAX for entry in entries):
            message = f"Watch at most {WORDS_MAX} words of at most {WORD_CHARACTERS_MAX} characters; shorten the list."
            raise NetworkError(message, permanent=True)
        alone = [_expression(entry) for entry in entries if entry.strip("#")]
        return cls(
            words=tuple(entries),
            hashtags=frozenset(entry.strip("#") for entry in entries if entry.startswith("#")),
            pattern=re.compile("|".join(alone)) if alone else None,
            stems=tuple(max(_JSON_BREAKS.split(entry.strip("#")), key=len) for entry in entries if entry.strip("#")),
        )

    def __bool__(self) -> bool:
        return bool(self.stems)

    def hears(self, text: str, tags: Iterable[str] = ()) -> bool:
        """Say whether a text, or one of its hashtags that are marked apart, says a watched word."""
        if self.pattern is None:
            return False
        marked = [fold(tag).lstrip("#") for tag in tags]
        if not self.hashtags.isdisjoint(marked):
            return True
        return bool(self.pattern.search(fold(text)) or any(self.pattern.search(tag) for tag in marked))

    def may_hear(self, message: str) -> bool:
        """Say whether a message in JSON may hold a watched word, without decoding it; never a wrong no."""
        if not self.stems:
            return False
        if not message.isascii() or _ESCAPE in message:
            return True
        lowered = message.lower()
        return any(stem in lowered for stem in self.stems)


def _expression(entry: str) -> str:
    words = r"\s+".join(re.escape(word) for word in entry.split())
    return rf"(?<!\w){words}(?!\w)"
