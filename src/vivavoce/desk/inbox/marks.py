"""A hostile text made safe to show, with the words that show something underlined. Pure: text in, HTML out."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FOLD_AT = 900
"""Code points that a post shows before it is folded: more than any network of today carries but the talkative ones."""

FOLD_SLACK = 200
"""A fold that hides less than this is a nuisance."""

EVIDENCE_MAX = 200
"""Underlined pieces of one text; more would underline everything."""


def marked(text: str, evidence: Iterable[Mapping[str, Any]]) -> tuple[SafeString, SafeString]:
    """Return the text's beginning and the rest that is folded away (often empty), escaped, evidence underlined.

    Args:
        text: anything at all.
        evidence: pieces with ``label``, ``start`` and ``end`` in code points; those out of range are cut or left out,
            and where pieces overlap danger wins.
    """
    fold = FOLD_AT if len(text) > FOLD_AT + FOLD_SLACK else len(text)
    pieces = _pieces(len(text), list(evidence)[:EVIDENCE_MAX])
    return _html(text, pieces, 0, fold), _html(text, pieces, fold, len(text))


def _pieces(length: int, evidence: list[Mapping[str, Any]]) -> list[tuple[int, int, bool]]:
    """Return disjoint pieces (start, end, danger) in order."""
    kinds: dict[int, list[tuple[bool, int]]] = {}
    for piece in evidence:
        start, end = max(0, int(piece["start"])), min(length, int(piece["end"]))
        if start < end:
            danger = piece["label"] == "danger"
            kinds.setdefault(start, []).append((danger, 1))
            kinds.setdefault(end, []).append((danger, -1))
    pieces: list[tuple[int, int, bool]] = []
    open_now = {True: 0, False: 0}
    edges = sorted(kinds)
    for edge, following in itertools.pairwise(edges):
        for danger, step in kinds[edge]:
            open_now[danger] += step
        if open_now[True] or open_now[False]:
            danger = open_now[True] > 0
            if pieces and pieces[-1][1:] == (edge, danger):
                pieces[-1] = (pieces[-1][0], following, danger)
            else:
                pieces.append((edge, following, danger))
    return pieces


def _html(text: str, pieces: list[tuple[int, int, bool]], start: int, end: int) -> SafeString:
    parts, at = [], start
    for left, right, danger in pieces:
        first, last = max(left, at), min(right, end)
        if first >= last:
            continue
        kind = "ev ev--danger" if danger else "ev"
        parts += [escape(text[at:first]), f'<mark class="{kind}">', escape(text[first:last]), "</mark>"]
        at = last
    parts.append(escape(text[at:end]))
    return mark_safe("".join(parts))  # noqa: S308 # each piece of text is escaped above
