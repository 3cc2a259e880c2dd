from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vivavoce.desk.team.links import LINK_HOURS_MAX, first_link, link_for, link_use
from vivavoce.desk.team.models import OneTimeLink, Teammate
from vivavoce.desk.team.services import teammate_add, teammate_close
from vivavoce.errors import BadInputError

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def token_of(link: str) -> str:
    return link.rpartition("/")[2]


def test_a_link_signs_in_once() -> None:
    lea = teammate_add(username="lea", name="Léa Morel")
    token = token_of(link_for(teammate=lea, now=NOW))
    assert link_use(token=token, now=NOW) == lea
    assert link_use(token=token, now=NOW) is None


def test_a_link_is_not_kept_only_its_hash() -> None:
    lea = teammate_add(username="lea")
    token = token_of(link_for(teammate=lea, now=NOW))
    assert token not in str(list(OneTimeLink.objects.values_list()))


def test_a_link_grows_old() -> None:
    lea = teammate_add(username="lea")
    token = token_of(link_for(teammate=lea, now=NOW))
    assert link_use(token=token, now=NOW + timedelta(hours=LINK_HOURS_MAX)) is None


def test_a_new_link_ends_the_older_one() -> None:
    lea = teammate_add(username="lea")
    old, new = (token_of(link_for(teammate=lea, now=NOW)) for _ in range(2))
    assert link_use(token=old, now=NOW) is None
    assert link_use(token=new, now=NOW) == lea


def test_a_closed_teammate_is_not_let_in_by_an_open_link() -> None:
    lea = teammate_add(username="lea")
    token = token_of(link_for(teammate=lea, now=NOW))
    teammate_close(teammate=lea)
    assert link_use(token=token, now=NOW) is None


@pytest.mark.parametrize("token", ["", "x", "\x00", "é" * 500, "\ud800"])
def test_a_made_up_token_opens_nothing(token: str) -> None:
    assert link_use(token=token, now=NOW) is None


def test_the_first_link_makes_the_first_teammate_and_only_one() -> None:
    first_link(now=NOW)
    first_link(now=NOW)
    assert [one.is_superuser for one in Teammate.objects.all()] == [True]


def test_a_taken_name_is_refused_with_words() -> None:
    teammate_add(username="lea")
    with pytest.raises(BadInputError, match="already"):
        teammate_add(username="Lea")
