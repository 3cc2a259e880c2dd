"""The word lists: which word or phrase belongs to which group, and what each group speaks for.

The tables beside this module are for people to edit: ``words.tsv`` and ``languages.tsv``, the members of each group,
and ``groups.tsv``, the weight of each group, of its negation and of groups that occur together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

from vivavoce.reading.words import FOREIGN_SCRIPT, LINK, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUPS_MAX: Final = 63
"""Groups fit one unsigned 64-bit mask a word, with one bit spare for the sign of other tools."""
PHRASE_WORDS_MAX: Final = 5
"""Longest phrase of the lists; each further word costs one more look-up at every word of every post."""
STEM_LETTERS_MIN: Final = 2
NEGATOR: Final = "negator"
CAPITALS: Final = "caps"
IDIOM: Final = "idiom"
LITERAL: Final = ("vulnerable", "family", "care", "lacking", "hazard", "harm", "medical", "alarm", "stranded")
"""Groups that an idiom empties of its own words: nobody burns who "burns with impatience"."""
TONGUES: Final = ("both", "fr", "en")
"""Whose lists count: in a text that is plainly French the English ones do not, and the other way round."""
BOTH: Final = 0
_MADE_BY_RULE: Final = {CAPITALS: (), "link": (LINK,), "script": (FOREIGN_SCRIPT,)}


@dataclass(frozen=True)
class Lexicon:
    """Folded members of each group; a mask has one bit a group, in the order of ``groups``.

    ``words``, ``stems`` and ``phrases`` are one table for each of `TONGUES`.
    """

    groups: tuple[str, ...]
    words: tuple[dict[str, int], ...]
    stems: tuple[dict[str, int], ...]
    phrases: tuple[dict[tuple[str, ...], int], ...]
    features: tuple[str, ...]
    priors: dict[str, dict[str, float]]

    def mask(self, word: str, tongue: int = BOTH) -> int:
        """The groups of one folded word, by itself and by each stem that starts it, in one of `TONGUES`."""
        stems = self.stems[tongue]
        mask = self.words[tongue].get(word, 0)
        for end in range(STEM_LETTERS_MIN, len(word) + 1):
            mask |= stems.get(word[:end], 0)
        return mask

    def bit(self, *groups: str) -> int:
        """The mask of some groups."""
        return sum(1 << self.groups.index(group) for group in groups)


def _rows(name: str) -> Iterator[list[str]]:
    table = resources.files("vivavoce.reading").joinpath(f"lexicon/{name}").read_text(encoding="utf-8")
    for line in table.splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def _members() -> Iterator[tuple[str, str, str]]:
    """Group, the language whose it is or "both", and entry; signs belong to every language."""
    for group, language, entries in _rows("words.tsv"):
        for entry in entries.split(","):
            spoken = any(letter.isalpha() for letter in entry) and not entry.strip().startswith("<")
            yield group, language if spoken else TONGUES[BOTH], entry.strip()
    for language, entries in _rows("languages.tsv"):
        group = f"lang_{language}" if language in {"fr", "en"} else "lang_other"
        for entry in entries.split(","):
            yield group, TONGUES[BOTH], entry.strip()


def _weights(column: str) -> dict[str, float]:
    return {name: float(value) for name, _, value in (pair.rpartition(":") for pair in column.split())}


def _split(
    members: list[tuple[str, str]], groups: tuple[str, ...]
) -> tuple[dict[str, int], dict[str, int], dict[tuple[str, ...], int]]:
    words: dict[str, int] = {}
    stems: dict[str, int] = {}
    phrases: dict[tuple[str, ...], int] = {}
    for group, entry in members:
        bit = 1 << groups.index(group)
        folded = (entry,) if entry.startswith("<") else tuple(words_of(entry.rstrip("*")))
        if entry.endswith("*") and len(folded) == 1:
            stems[folded[0]] = stems.get(folded[0], 0) | bit
        elif len(folded) == 1:
            words[folded[0]] = words.get(folded[0], 0) | bit
        elif len(folded) <= PHRASE_WORDS_MAX:
            phrases[folded] = phrases.get(folded, 0) | bit
        else:
            message = f"{entry!r} has more than {PHRASE_WORDS_MAX} words"
            raise ValueError(message)
    return words, stems, phrases


@cache
def lexicon() -> Lexicon:
    """The word lists, read once.

    Raises:
        ValueError: a table has too many groups, a phrase too many words, or a weight an unknown group.
    """
    members = [member for member in _members() if member[2]]
    members += [(group, TONGUES[BOTH], entry) for group, entries in _MADE_BY_RULE.items() for entry in entries]
    groups = tuple(dict.fromkeys([*(group for group, _, _ in members), *_MADE_BY_RULE]))
    if len(groups) > GROUPS_MAX:
        message = f"{len(groups)} groups of words; {GROUPS_MAX} fit a mask"
        raise ValueError(message)
    priors = {name: _weights(column) for name, column in _rows("groups.tsv")}
    joint = tuple(name for name in priors if "+" in name)
    named = {part.lstrip("!") for name in priors for part in name.split("+")}
    if unknown := named - set(groups):
        message = f"weights for groups without words: {sorted(unknown)}"
        raise ValueError(message)
    tables = []
    for tongue in TONGUES:
        counted = set(TONGUES) if tongue == TONGUES[BOTH] else {TONGUES[BOTH], tongue}
        tables.append(_split([(group, entry) for group, language, entry in members if language in counted], groups))
    words, stems, phrases = zip(*tables, strict=True)
    features = (*groups, *(f"!{group}" for group in groups), *joint)
    return Lexicon(groups, words, stems, phrases, features, priors)


def language_words() -> dict[str, list[str]]:
    """The function words of each language of the lists, as they are written."""
    return {language: [entry.strip() for entry in entries.split(",")] for language, entries in _rows("languages.tsv")}
