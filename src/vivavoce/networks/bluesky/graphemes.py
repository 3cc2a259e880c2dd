"""How Bluesky counts a text: in graphemes, what a reader takes for one sign, and in bytes.

Source: the lexicon ``app.bsky.feed.post`` (``maxGraphemes`` 300, ``maxLength`` 3000) and Unicode Annex 29.
"""

from __future__ import annotations

import regex

GRAPHEMES_MAX = 300
"""The lexicon's limit; what a teammate sees counted."""

BYTES_MAX = 3000
"""The lexicon's second limit, in UTF-8: family emoji reach it long before 300 graphemes."""

_GRAPHEME = regex.compile(r"\X")


def count(text: str) -> int:
    """Return the number of extended grapheme clusters, in time linear in the text."""
    return sum(1 for _ in _GRAPHEME.finditer(text))


def size_bytes(text: str) -> int:
    """Return the length in UTF-8; a lone surrogate counts like the sign that replaces it."""
    return len(text.encode("utf-8", "surrogatepass"))
