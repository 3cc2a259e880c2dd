from datetime import timedelta

import pytest
from django.utils import translation

from vivavoce.desk.inbox.reader import read_records
from vivavoce.desk.inbox.reasons import due_line, due_words, evidence_words, explain, reason_words
from vivavoce.posts import Deletion
from vivavoce.reading import read, readings

from .conftest import NOON, World, record


def evidence(text: str, *pieces: tuple[str, str, float]) -> list[dict[str, object]]:
    return [
        {"label": label, "start": text.index(words), "end": text.index(words) + len(words), "weight": weight}
        for label, words, weight in pieces
    ]


COLD = "There is no heating and a child is here, the bill was fine"


@pytest.mark.django_db
def test_a_place_is_said_in_one_line_with_the_words_that_show_it(world: World) -> None:
    shown = evidence(COLD, ("danger", "a child", 0.3), ("danger", "no heating", 0.6), ("billing", "bill", 0.9))
    world.reads[COLD] = record(danger=True, evidence=shown)
    world.take_in(world.post(COLD))
    now = NOON - timedelta(minutes=2)
    assert due_line(world.person(), now=now) == "due in 12 min: “no heating”, “a child”"


@pytest.mark.django_db
def test_without_words_that_show_it_the_cause_is_said(world: World) -> None:
    post = world.post()
    world.take_in(post)
    assert explain(world.row(post)) == "needs an answer today, a delay"


@pytest.mark.django_db
def test_a_doubt_is_said(world: World) -> None:
    world.reads["?"] = record(urgency="unsure", cause="unsure")
    post = world.post("?")
    world.take_in(post)
    assert explain(world.row(post)) == "unsure, perhaps today"


@pytest.mark.django_db
def test_who_waits_for_nothing_has_no_line(world: World) -> None:
    post = world.post()
    world.take_in(post)
    world.take_in(Deletion(post.id, "demo", NOON))
    assert due_line(world.person(), now=NOON) == ""
    assert evidence_words("", world.row(post).reading, ("danger",)) == []


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (12, "due in 12 min"),
        (90, "due in 90 min"),
        (200, "due in 3 h"),
        (60 * 48, "due in 2 days"),
        (0.5, "due now"),
        (-0.5, "due now"),
        (-5, "overdue by 5 min"),
    ],
)
def test_a_due_time_is_said_in_the_unit_that_matters(minutes: float, words: str) -> None:
    assert due_words(NOON + timedelta(minutes=minutes), now=NOON) == words


def test_a_code_of_a_later_version_says_itself() -> None:
    with translation.override("fr"):
        assert reason_words("of next year") == "of next year"


def test_the_short_way_to_a_record_gives_the_same_record() -> None:
    texts = [COLD, "Merci beaucoup 🙂", "", "Plus de chauffage depuis hier, ma mère a 84 ans"]
    claimed = ["en", "fr", None, "no language\ufffd at all"]
    told = readings(read(texts, languages=claimed))
    assert read_records(texts, claimed) == [found.to_record() for found in told if found is not None]
