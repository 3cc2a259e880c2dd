"""Whatever is written, the reader answers in order, sums to one, and points inside the text."""

from __future__ import annotations

import itertools

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.reading import READING_SCHEMA, TEXT_CODE_POINTS_MAX, Reader, default_reader, read, read_one
from vivavoce.reading.labels import DECIDED, GROUPS, SCALARS, SUM_TO_ONE, UNSURE, YES_OR_NO
from vivavoce.reading.plain import BATCH_POSTS_MAX

ANY_CHARACTER = st.characters(codec=None, exclude_categories=())
COMMON = (
    "plus pas no not chauffage heating merci thanks !!! ? … 😡 @marque #honte MAINTENANT grand-mère 1er مرحبا привет"
)
RARE = [
    "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "\u202eabc",
    "\x00",
    "\ud800",
    "e\u0301te\u0301",
    "aujourd\u2019hui",
]
SPOKEN = st.sampled_from([*COMMON.split(), *RARE, "https://exemple.fr/a?b=c", "0612345678", "don't", "girl's"])
TEXTS = st.one_of(st.text(ANY_CHARACTER, max_size=80), st.lists(SPOKEN, max_size=12).map(" ".join))
HARD = [
    "",
    " ",
    "\x00",
    "\ud83d\ude00",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "\u202e\u2066לא עובד\u2069",
    "<script>alert(1)</script>",
    "javascript:alert(1)",
    "a" * 300_000,
    "e\u0301" * 400,
    "! " * 8_000,
    "www." + "x" * 5_000,
    "'''''''",
    "#",
    "@",
    "##@@",
    "n't",
    "İstanbul ẞ ǅ",
]


@given(st.lists(st.none() | TEXTS, max_size=8))
@settings(deadline=None, max_examples=150)
def test_answers_each_text_in_order_with_null_for_null(texts: list[str | None]) -> None:
    batch = read(texts)
    assert batch.schema == READING_SCHEMA
    assert batch.num_rows == len(texts)
    for name in READING_SCHEMA.names:
        assert batch.column(name).is_null().to_pylist() == [text is None for text in texts]
    batch.validate(full=True)


@given(st.lists(st.none() | TEXTS, min_size=1, max_size=6))
@settings(deadline=None, max_examples=100)
def test_says_the_same_of_a_post_alone_as_among_others(texts: list[str | None]) -> None:
    together = read(texts)
    for place, text in enumerate(texts):
        assert read([text]) == together.slice(place, 1)


@given(TEXTS)
@settings(deadline=None, max_examples=150)
def test_gives_probabilities_that_sum_to_one_and_evidence_inside_the_text(text: str) -> None:
    _check(text)


@pytest.mark.parametrize("text", HARD, ids=range(len(HARD)))
def test_survives_hard_text(text: str) -> None:
    _check(text)


def _check(text: str) -> None:
    reading = read_one(text)
    assert reading is not None
    for group, labels in GROUPS.items():
        chances = getattr(reading, group)
        assert tuple(chances) == labels
        assert all(0.0 <= chance <= 1.0 for chance in chances.values())
        if group in SUM_TO_ONE:
            assert sum(chances.values()) == pytest.approx(1.0, abs=1e-5)
    assert all(0.0 <= getattr(reading, name) <= 1.0 for name in SCALARS)
    for name in DECIDED:
        group = "emotions" if name == "emotion" else name
        allowed = {True, False, UNSURE} if name in YES_OR_NO else {*GROUPS[group], UNSURE}
        assert reading.decided[name] in allowed
    for evidence in reading.evidence:
        assert 0 <= evidence.start < evidence.end <= min(len(text), TEXT_CODE_POINTS_MAX)
        assert 0.0 < evidence.weight <= 1.0 + 1e-6
        assert text[evidence.start : evidence.end].strip()


def test_reads_every_arrow_form_of_text_alike() -> None:
    texts = ["Toujours pas de réponse", None, "Thanks a lot!"]
    expected = read(texts)
    for kind in (pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())):
        assert read(pa.array(texts, kind)) == expected
    assert read(pa.chunked_array([texts[:1], texts[1:]], pa.string())) == expected
    assert read(pa.record_batch({"id": [1, 2, 3], "body": texts}), column="body") == expected
    assert read(pa.array(["x", *texts]).slice(1)) == expected


def test_reads_many_batches_as_one() -> None:
    some = ["Bravo encore une panne", "Hi, what time do you open?", None, "🙂", "URGENT odeur de gaz"]
    many = list(itertools.islice(itertools.cycle(some), 2 * BATCH_POSTS_MAX + 7))
    batch = read(many)
    once = read(some)
    assert batch.num_rows == len(many)
    assert batch.slice(BATCH_POSTS_MAX - 4, 5).to_pylist() == [
        once.to_pylist()[(BATCH_POSTS_MAX - 4 + step) % len(some)] for step in range(5)
    ]


def test_reads_nothing_as_nothing() -> None:
    assert read([]).num_rows == 0
    assert read([]).schema == READING_SCHEMA
    assert read([None, None]).num_rows == 2
    assert read(pa.nulls(2)) == read([None, None])
    assert read_one(None) is None


def test_refuses_what_is_no_list_of_texts() -> None:
    with pytest.raises(TypeError, match="read_one"):
        read("one text")
    with pytest.raises(TypeError, match="int64"):
        read(pa.array([1, 2]))
    with pytest.raises(ValueError, match="2 languages"):
        read(["a"], languages=["fr", "en"])


def test_takes_a_claimed_language_as_a_hint_only() -> None:
    short = "ok super"
    assert read_one(short, language="fr-CA").language["fr"] > read_one(short).language["fr"]  # type: ignore[union-attr]
    plain = read_one("Je ne comprends pas pourquoi ma facture a encore augmenté", language="en")
    assert plain is not None
    assert plain.decided["language"] == "fr"


def test_the_default_reader_is_a_reader_and_stands_in_each_reading() -> None:
    assert isinstance(default_reader(), Reader)
    assert read(["bonjour"])["reader"].to_pylist() == [default_reader().name]


def test_forgetting_words_changes_no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["Le chauffage ne marche plus", "The heating is off", "Le chauffage ne marche plus"]
    before = read(texts)
    monkeypatch.setattr("vivavoce.reading.features.WORDS_KEPT_MAX", 0)
    assert [read([text]) for text in texts] == [before.slice(place, 1) for place in range(3)]
