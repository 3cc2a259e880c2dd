from __future__ import annotations

from typing import Any

import pytest
from django.forms import ValidationError
from django.forms.models import model_to_dict

from vivavoce.desk.team import queries
from vivavoce.desk.team.forms import HoursField, RuleForm

pytestmark = pytest.mark.django_db


def filled(**changes: Any) -> dict[str, Any]:
    form = RuleForm(instance=queries.rule())
    values = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    shown = {name: form.fields[name].prepare_value(value) for name, value in values.items()}
    return {**shown, **changes}


def test_the_form_shows_the_rule_and_keeps_it_as_it_was() -> None:
    form = RuleForm(filled(), instance=queries.rule())
    assert form.is_valid(), form.errors
    kept = model_to_dict(queries.rule(), exclude=["id"])
    assert form.values() == kept


def test_a_day_may_have_two_openings_and_another_none() -> None:
    form = RuleForm(filled(day_0="14:00-18:00, 09:00-12:30", day_1=""), instance=queries.rule())
    assert form.is_valid(), form.errors
    hours = form.values()["hours"]
    assert hours["0"] == [["09:00", "12:30"], ["14:00", "18:00"]]
    assert "1" not in hours


@pytest.mark.parametrize(
    "text", ["nine to five", "09:00", "18:00-09:00", "09:00-25:00", "09:00-09:00", "09:00-12:00-14:00"]
)
def test_times_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        HoursField(required=False).clean(text)


def test_a_team_may_be_open_until_midnight_and_go_on_from_there() -> None:
    assert HoursField(required=False).clean("22:00-24:00, 00:00-02:00") == [["00:00", "02:00"], ["22:00", "24:00"]]


@pytest.mark.parametrize("field", ["allowance_danger_min", "allowance_hour_min", "presence_window_min"])
@pytest.mark.parametrize("minutes", [-3, 0, 100_000, 999_999_999_999])
def test_minutes_that_no_team_means_are_refused(field: str, minutes: int) -> None:
    form = RuleForm(filled(**{field: minutes}), instance=queries.rule())
    assert list(form.errors) == [field]


@pytest.mark.parametrize("text", ["25 December", "2026-02-30", "\x00"])
def test_dates_that_cannot_be_read_are_refused(text: str) -> None:
    assert not RuleForm(filled(closed=text), instance=queries.rule()).is_valid()


def test_closed_days_are_kept_once_and_in_order() -> None:
    form = RuleForm(filled(closed="2026-12-25\n2026-01-01\n2026-12-25"), instance=queries.rule())
    assert form.is_valid(), form.errors
    assert form.values()["holidays"] == ["2026-01-01", "2026-12-25"]
