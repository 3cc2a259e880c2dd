from hypothesis import given
from hypothesis import strategies as st

from vivavoce.desk.inbox.models import Lane
from vivavoce.desk.inbox.need import PLAUSIBLE, URGENCIES, Allowances, Need, need_of
from vivavoce.desk.inbox.reasons import REASONS

ALLOWANCES = Allowances(danger=10, hour=60, today=240, week=1620, none=2700)
FLAT = {"none": 0.25, "week": 0.25, "today": 0.25, "hour": 0.25}


def decided(danger: str = "false", urgency: str = "today", needs_person: str = "true") -> dict[str, str]:
    return {"danger": danger, "urgency": urgency, "needs_person": needs_person}


def test_danger_goes_first_and_by_the_clock() -> None:
    assert need_of(decided(danger="true", urgency="none", needs_person="false"), FLAT, ALLOWANCES) == Need(
        Lane.DANGER, 10, by_clock=True, reason="danger"
    )


def test_a_doubt_about_danger_is_looked_at_within_the_hour_by_the_clock() -> None:
    assert need_of(decided(danger="unsure", urgency="none"), FLAT, ALLOWANCES) == Need(
        Lane.ORDINARY, 60, by_clock=True, reason="danger_unsure"
    )


def test_a_decided_urgency_sets_the_allowance() -> None:
    found = [need_of(decided(urgency=name), FLAT, ALLOWANCES).allowance_minutes for name in URGENCIES]
    assert found == [60, 240, 1620, 2700]


def test_when_unsure_the_shortest_plausible_allowance_holds() -> None:
    leaning = {"none": 0.5, "week": 0.2, "today": PLAUSIBLE, "hour": PLAUSIBLE / 2}
    assert need_of(decided(urgency="unsure"), leaning, ALLOWANCES).reason == "today_unsure"


def test_when_nothing_is_known_the_shortest_of_all_holds() -> None:
    assert need_of(decided(urgency="unsure"), {}, ALLOWANCES).allowance_minutes == 60


def test_who_needs_nobody_waits_all_the_same_and_longest() -> None:
    need = need_of(decided(urgency="week", needs_person="false"), FLAT, ALLOWANCES)
    assert (need.allowance_minutes, need.reason) == (2700, "nobody")


def test_what_presses_is_not_put_off_because_it_seems_to_need_nobody() -> None:
    assert need_of(decided(urgency="hour", needs_person="false"), FLAT, ALLOWANCES).allowance_minutes == 60


def test_a_teammates_word_on_urgency_stands_over_what_was_read_beside_it() -> None:
    need = need_of(decided(urgency="week", needs_person="false"), FLAT, ALLOWANCES, corrected={"urgency"})
    assert need.allowance_minutes == 1620


@given(
    st.sampled_from(["true", "false", "unsure"]),
    st.sampled_from([*URGENCIES, "unsure", "a word of next year"]),
    st.sampled_from(["true", "false", "unsure"]),
    st.dictionaries(st.sampled_from(URGENCIES), st.floats(0, 1)),
)
def test_every_reading_gives_a_need_that_can_be_said(
    danger: str, urgency: str, needs_person: str, odds: dict[str, float]
) -> None:
    need = need_of(decided(danger, urgency, needs_person), odds, ALLOWANCES)
    assert need.reason in REASONS
    assert need.allowance_minutes > 0
    assert (need.lane == Lane.DANGER) == (danger == "true")
