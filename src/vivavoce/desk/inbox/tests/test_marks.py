from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vivavoce.desk.inbox.marks import FOLD_AT, marked


class Reader(HTMLParser):
    """Collects what a browser would show, and each element it would make."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.shown, self.marks, self.elements = "", "", set[str]()
        self._inside = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002 # the parser's signature
        self.elements.add(tag)
        self._inside = tag == "mark"

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 # the parser's signature
        self._inside = False

    def handle_data(self, data: str) -> None:
        self.shown += data
        self.marks += data if self._inside else ""


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=1500)
pieces = st.lists(
    st.fixed_dictionaries(
        {"label": st.sampled_from(["danger", "delay"]), "start": st.integers(-5, 1600), "end": st.integers(-5, 1600)}
    ),
    max_size=12,
)


@given(text=texts | st.text("<>&\"'/ascript:", max_size=1500), evidence=pieces)
def test_whatever_a_text_holds_a_browser_shows_just_that_text_and_makes_nothing_but_marks(
    text: str, evidence: list[dict[str, Any]]
) -> None:
    begin, rest = marked(text, evidence)
    reader = Reader(begin + rest)
    assert reader.shown == text
    assert reader.elements <= {"mark"}


@given(text=texts, evidence=pieces)
def test_what_is_underlined_is_what_the_evidence_covers(text: str, evidence: list[dict[str, Any]]) -> None:
    covered = {at for piece in evidence for at in range(max(0, piece["start"]), min(len(text), piece["end"]))}
    begin, rest = marked(text, evidence)
    assert Reader(begin + rest).marks == "".join(char for at, char in enumerate(text) if at in covered)


def test_where_evidence_overlaps_danger_wins() -> None:
    begin, _rest = marked(
        "no heat", [{"label": "danger", "start": 3, "end": 7}, {"label": "cold", "start": 0, "end": 5}]
    )
    assert begin == '<mark class="ev">no </mark><mark class="ev ev--danger">heat</mark>'


def test_a_long_text_is_folded_and_nothing_of_it_is_lost() -> None:
    text = "x" * 20_000
    begin, rest = marked(text, [])
    assert (len(begin), begin + rest) == (FOLD_AT, text)


def test_offsets_are_code_points_whatever_stands_before() -> None:
    begin, _rest = marked("👩‍👩‍👧‍👦 help", [{"label": "delay", "start": 8, "end": 12}])
    assert begin == '👩‍👩‍👧‍👦 <mark class="ev">help</mark>'
