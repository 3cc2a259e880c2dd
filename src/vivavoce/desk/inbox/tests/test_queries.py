from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.desk.inbox import queries, services
from vivavoce.desk.inbox.models import Lane, Person
from vivavoce.desk.inbox.places import Place
from vivavoce.desk.inbox.queries import PAGE_ROWS
from vivavoce.desk.inbox.tests.conftest import NOON, World, record

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

    from vivavoce.desk.team.models import Teammate

MANY = 75


def fill(world: World, count: int = MANY) -> None:
    """Let many people write, at times that are not the order of their due times, some in danger."""
    for number in range(count):
        world.reads[f"text {number}"] = record(
            danger=number % 10 == 3, urgency=("hour", "today", "week", "none")[number % 4]
        )
    world.take_in(
        *(
            world.post(f"text {number}", author=f"p{number}", seen_at=NOON - timedelta(seconds=number * 7 % 50))
            for number in range(count)
        )
    )


def pages(teammate: Teammate, scope: str = "all") -> list[list[int]]:
    """Read the queue from front to end."""
    found, after = [], None
    while True:
        page = queries.queue_page(teammate, now=NOON, scope=scope, after=after)
        found.append([row.person for row in page.rows])
        if page.last is None:
            return found
        after = page.last


def test_the_pages_together_are_the_queue_in_its_order_each_person_once(world: World, teammate: Teammate) -> None:
    fill(world)
    found = pages(teammate)
    order = Person.objects.filter(waiting=True).order_by("lane", "due_at", "id").values_list("pk", flat=True)
    assert [len(page) for page in found] == [PAGE_ROWS, PAGE_ROWS, MANY - 2 * PAGE_ROWS]
    assert [pk for page in found for pk in page] == list(order)


def test_danger_stands_before_everybody_else(world: World, teammate: Teammate) -> None:
    fill(world)
    rows = queries.queue_page(teammate, now=NOON).rows
    assert [row.danger for row in rows] == sorted((row.danger for row in rows), reverse=True)
    assert rows[0].danger


def test_a_page_costs_the_same_few_statements_however_many_wait(
    world: World, teammate: Teammate, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count in (2, MANY):
        fill(world, count)
        for after in (None, Place(Lane.ORDINARY, NOON, 0)):
            with django_assert_num_queries(2):
                queries.queue_page(teammate, now=NOON, after=after)
        with django_assert_num_queries(4):
            queries.waiting_counts(teammate, now=NOON)


def test_who_is_overdue_counts_in_both_lanes(world: World, teammate: Teammate) -> None:
    fill(world, 9)
    assert set(Person.objects.values_list("lane", flat=True)) == set(Lane)
    long_after = Person.objects.latest("due_at").due_at
    assert long_after is not None
    assert queries.waiting_counts(teammate, now=long_after + timedelta(minutes=1))["late"].number == 9
    late = Person.objects.filter(waiting=True, lane__in=list(Lane), due_at__lt=NOON).explain()
    assert connection.vendor != "sqlite" or "INDEX queue" in late


@pytest.mark.parametrize("scope", queries.SCOPES)
def test_a_page_is_read_from_an_index_and_nothing_is_sorted(world: World, teammate: Teammate, scope: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL reads a small table whole; bench/ asks it at a million")
    fill(world, 3)
    people = queries._beyond(queries._scoped(teammate, scope), Place(Lane.ORDINARY, NOON, 5))
    plan = people[:PAGE_ROWS].explain()
    assert "INDEX queue" in plan
    assert "TEMP B-TREE" not in plan
    assert "SEARCH" in plan
    assert "(lane,due_at)>" in plan


def test_mine_and_nobodys_are_parts_of_the_queue(world: World, teammate: Teammate) -> None:
    fill(world, 5)
    mine = Person.objects.get(handles__remote_id="p2")
    services.assign(person=mine, to=teammate, teammate=teammate, now=NOON)
    assert pages(teammate, "mine") == [[mine.pk]]
    assert mine.pk not in pages(teammate, "unassigned")[0]
    assert len(pages(teammate, "unassigned")[0]) == 4


def test_rows_shown_again_keep_their_order_and_say_who_waits_no_more(world: World, teammate: Teammate) -> None:
    fill(world, 4)
    shown = pages(teammate)[0]
    gone = Person.objects.get(pk=shown[1])
    services.set_aside(conversation=gone.conversations.get(), teammate=teammate, now=NOON)
    rows = queries.rows_again(teammate, shown, now=NOON)
    assert [row.person for row in rows] == shown
    assert [row.waiting for row in rows] == [True, False, True, True]


def test_the_new_ones_are_those_who_would_stand_on_the_page(world: World, teammate: Teammate) -> None:
    fill(world, 3)
    shown = pages(teammate)[0]
    world.take_in(world.post(author="late"), world.post(author="later"))
    assert queries.new_count(teammate, shown, scope="all", after=None, last=None).number == 2
    first = queries.queue_page(teammate, now=NOON)
    front = Place(first.rows[0].danger ^ 1, first.rows[0].due_at, first.rows[0].person)
    assert queries.new_count(teammate, shown, scope="all", after=None, last=front).number == 0


def test_a_name_that_erasure_took_leaves_a_row_that_can_be_shown(world: World, teammate: Teammate) -> None:
    fill(world, 1)
    Person.objects.update(due_post=None)
    (row,) = queries.queue_page(teammate, now=NOON).rows
    assert (row.conversation, row.words) == (None, "")


@given(
    lane=st.sampled_from(Lane),
    due_at=st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - its bounds are naive
    person=st.integers(0, 2**62),
)
def test_a_place_is_read_as_it_was_written(lane: Lane, due_at: datetime, person: int) -> None:
    place = Place(lane, due_at, person)
    assert Place.parse(str(place)) == place


@given(st.text() | st.from_regex(r"-?\d{0,40}-\d{0,40}-\d{0,40}"))
def test_any_text_as_a_place_is_a_place_or_none(text: str) -> None:
    place = Place.parse(text)
    assert place is None or isinstance(place, Place)
