"""Text into words: where each stands, and the folded form by which its variants are one.

Folding takes away what people leave out or overdo when they type fast: accents, capitals, repeated letters,
look-alike letters of other scripts.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

WORD_CODE_POINTS_MAX: Final = 64
"""Longest run of letters taken as one word: longer ones are noise, and would make a costly entry each."""

TOKEN: Final = re.compile(
    r"https?://\S{1,512}|www\.\S{1,512}"
    r"|@[\w.\-]{1,128}"
    r"|#\w{1,64}"
    r"|[:;=]-?[()DPp/|](?!\w)"
    r"|[\w\u0300-\u036f]{1,64}(?:['\u2019](?:t\b)?)?"
    r"|[!?]{1,16}|\.{2,16}"
    r"|[^\w\s\-\"'\u2019`*_~^|<>\[\]{}()/\\\ufe00-\ufe0f\u200b-\u200f\u202a-\u202e\u2060-\u2069\U0001f3fb-\U0001f3ff\x00-\x1f]"
)
"""One token: link, mention, hashtag, smiley, word with its apostrophe, punctuation that speaks, or one symbol."""

LINK: Final = "<link>"
MENTION: Final = "<mention>"
LONG_NUMBER: Final = "<longnum>"
FOREIGN_SCRIPT: Final = "<script>"
LONG_NUMBER_DIGITS_MIN: Final = 6
"""Digits from which a number is a reference or a telephone number rather than an amount."""

ELISION_LETTERS_MAX: Final = 3
"""Longest elision with its apostrophe, as in "qu'"; a longer word has a possessive or a closing quote."""

DOUBLED: Final = frozenset(
    {
        "access",
        "boot",
        "butt",
        "cheer",
        "comme",
        "donne",
        "feel",
        "fille",
        "good",
        "gross",
        "ill",
        "less",
        "mall",
        "meet",
        "mess",
        "miss",
        "moon",
        "noon",
        "off",
        "pass",
        "poisson",
        "poissons",
        "press",
        "salle",
        "soon",
        "too",
        "trees",
        "ville",
    }
)
"""Common words that a doubled letter tells from another word ("soon" from "son"), so that it is kept."""

_STRETCHED: Final = re.compile(r"([^\W\d])\1{2,}")
_REPEATED: Final = re.compile(r"([^\W\d])\1+")
_DIGITS: Final = re.compile(r"\d+")
_LOOKALIKE: Final = str.maketrans("аеорсухкмтвніјѕԁɡοαερτυικν", "aeopcyxkmtbnijsdgoaeptuikv")
_LATIN_BELOW: Final = "\u0250"


def _fold_letters(word: str) -> str:
    latin = any(letter < _LATIN_BELOW and letter.isalpha() for letter in word)
    if latin and not word.isascii():
        word = word.translate(_LOOKALIKE)
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", word) if not unicodedata.combining(letter))
    bare = bare.replace("œ", "oe").replace("æ", "ae")
    doubled = _STRETCHED.sub(r"\1\1", bare)
    return doubled if doubled in DOUBLED else _REPEATED.sub(r"\1", bare)


def fold(token: str) -> str:
    """The form shared by all variants of a token: "Merciiii" and "MERCI" are "merci", "18h04" is "0h0".

    Links, mentions, long numbers and words in another script become one word each.
    """
    first = token[0]
    if first == "@" and len(token) > 1:
        return MENTION
    if first in "hHwW" and ("://" in token[:8] or token[:4] == "www."):
        return LINK
    if first == "#" and len(token) > 1:
        token = token[1:]
        first = token[0]
    if not (first.isalnum() or first == "_"):
        return (first + first if len(token) > 1 else first) if first in "!?" else token
    word = _fold_letters(token.lower().replace("\u2019", "'"))
    if word.endswith("'") and len(word) > ELISION_LETTERS_MAX:
        word = word[:-1]
    if word.isdigit() and len(word) >= LONG_NUMBER_DIGITS_MIN:
        return LONG_NUMBER
    word = _DIGITS.sub("0", word)
    if word and word[0].isalpha() and word[0] >= _LATIN_BELOW:
        return FOREIGN_SCRIPT
    return word or "0"


def words_of(text: str) -> list[str]:
    """The folded words of a short text, as the lexicon is matched."""
    return [fold(match.group()) for match in TOKEN.finditer(text)]
