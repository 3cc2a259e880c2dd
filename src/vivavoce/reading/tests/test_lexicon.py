"""The word lists are what their tables say, and the weights were made for them."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from vivavoce.reading.labels import DECIDED
from vivavoce.reading.lexicon import lexicon
from vivavoce.reading.weights import COLUMNS, weights
from vivavoce.reading.words import fold, words_of


def test_the_weights_were_trained_with_these_word_lists() -> None:
    trained = json.loads(resources.files("vivavoce.reading").joinpath("trained/plain.json").read_text("utf-8"))
    assert trained["features"] == len(lexicon().features), "the word lists changed: run python -m training.plain"
    assert weights().groups.shape == (len(lexicon().features), len(COLUMNS))
    assert set(weights().thresholds) == set(DECIDED)


def test_every_weight_of_the_lists_is_for_a_known_output() -> None:
    named = {column for said in lexicon().priors.values() for column in said}
    assert named <= set(COLUMNS)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Merciiii", "merci"),
        ("MERCI", "merci"),
        ("déçue", "decue"),
        ("de\u0301c\u0327ue", "decue"),
        ("18h04", "0h0"),
        ("0612345678", "<longnum>"),
        ("@Marque.aide", "<mention>"),
        ("https://exemple.fr/x", "<link>"),
        ("#Honte", "honte"),
        ("привет", "<script>"),
        ("h\u043ente", "honte"),
        ("\uff28\uff2f\uff2e\uff34\uff25", "honte"),
        ("don\u2019t", "don't"),
        ("!!!!", "!!"),
        ("👍", "👍"),
        ("soon", "soon"),
        ("soooon", "soon"),
        ("sooo", "so"),
        ("feel", "feel"),
    ],
)
def test_variants_of_a_word_fold_together(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_words_are_told_from_elisions_and_hyphens() -> None:
    assert words_of("J'adore l\u2019eau, grand-mère") == ["j'", "adore", "l'", "eau", ",", "grand", "mere"]


def test_a_stem_covers_its_words_and_no_others() -> None:
    words = lexicon()
    assert words.mask(fold("remerciements")) & words.bit("gratitude")
    assert not words.mask(fold("world")) & words.bit("worry")


def test_a_word_counts_in_its_own_language_and_where_the_language_is_not_plain() -> None:
    words = lexicon()
    both, french, english = (words.mask(fold("grandma"), tongue) & words.bit("vulnerable") for tongue in range(3))
    assert both
    assert english
    assert not french
    assert all(words.mask("😡", tongue) & words.bit("anger") for tongue in range(3))
