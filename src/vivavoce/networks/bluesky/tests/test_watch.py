"""Watched words, whatever their case and accents."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.errors import NetworkError
from vivavoce.networks.bluesky.watch import WORDS_MAX, Watch, fold


@pytest.mark.parametrize(
    ("watched", "text", "tags", "heard"),
    [
        ("électricité", "Plus d'ELECTRICITE ici", (), True),
        ("electricite", "plus d'électricite\u0301", (), True),
        ("Ostrel", "ostrelien", (), False),
        ("Ostrel", "(ostrel)", (), True),
        ("Ostrel", "#Ostrel", (), True),
        ("Cœur de Ville", "le coeur  de\nville", (), True),
        ("#panne", "une panne", (), False),
        ("#panne", "encore une #Panne!", (), True),
        ("#panne", "rien", ("PANNE",), True),
        ("#panne", "#pannes", (), False),
        ("C++", "I like C++.", (), True),
        ("straße", "die STRASSE", (), True),
        ("", "anything", (), False),
        (" , ,#,", "anything # at all", (), False),
    ],
)
def test_a_word_is_heard_as_a_whole_and_a_hashtag_as_a_hashtag(
    watched: str, text: str, tags: tuple[str, ...], *, heard: bool
) -> None:
    assert Watch.parse(watched).hears(text, tags) is heard


@given(
    st.lists(st.sampled_from(["Ostrel", "cœur", 'a"b', "c:\\d", "été chaud", "ﬁn", "K", "日本"]), min_size=1),
    st.text(),
    st.text(),
    st.booleans(),
)
def test_what_is_not_decoded_holds_no_watched_word(
    watched: list[str],
    before: str,
    after: str,
    escaped: bool,  # noqa: FBT001 - drawn by Hypothesis
) -> None:
    watch = Watch.parse(",".join(watched))
    for said in (watched[0], watched[0].upper(), watched[0].lower()):
        text = f"{before} {said} {after}"
        message = json.dumps({"text": text}, ensure_ascii=escaped)
        assert watch.hears(text)
        assert watch.may_hear(message)


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_most_messages_need_no_decoding() -> None:
    assert not Watch.parse("ostrel, #panne").may_hear('{"text": "good morning"}')


def test_too_many_or_too_long_words_are_refused() -> None:
    for setting in (",".join(f"word{number}" for number in range(WORDS_MAX + 1)), "x" * 101):
        with pytest.raises(NetworkError) as refusal:
            Watch.parse(setting)
        assert refusal.value.permanent
