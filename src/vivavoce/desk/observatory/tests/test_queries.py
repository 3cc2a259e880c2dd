from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vivavoce.desk.inbox.models import Account, Conversation, Handle, Person, Post
from vivavoce.desk.observatory.queries import Ends, outcomes
from vivavoce.desk.observatory.views import BAR_WIDTH, bar
from vivavoce.desk.replies.models import Presence, Reply
from vivavoce.desk.team.models import Teammate

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
SINCE = NOON - timedelta(days=1)

pytestmark = pytest.mark.django_db


def conversation(name: str, *felt: str, answered_min: int | None = None, kind: str = "") -> Conversation:
    """Somebody writes at noon, is answered after some minutes or not, and writes again when they felt twice."""
    account, _new = Account.objects.get_or_create(network="demo", remote_id="brand")
    person = Person.objects.create(name=name, created_at=NOON)
    handle = Handle.objects.create(person=person, network="demo", remote_id=name)
    answered_at = NOON + timedelta(minutes=answered_min) if answered_min is not None else None
    made = Conversation.objects.create(
        account=account,
        person=person,
        root=name,
        opened_at=NOON,
        first_felt=felt[0],
        last_felt=felt[-1],
        last_at=NOON,
        answered_at=answered_at,
    )
    posts = []
    for at in range(len(felt)):
        times = dict.fromkeys(("created_at", "seen_at", "stored_at"), NOON + timedelta(hours=at))
        named = {"network": "demo", "remote_id": f"{name}-{at}", "root": name}
        posts.append(Post.objects.create(account=account, author=handle, conversation=made, **named, **times))
    if kind and answered_at:
        teammate, _new = Teammate.objects.get_or_create(username="zoe")
        presence = Presence.objects.create(
            teammate=teammate, conversation=made, kind=kind, method="x", nonce=name, evidence={}, at=NOON
        )
        Reply.objects.create(
            conversation=made, answers=posts[0], teammate=teammate, presence=presence, queued_at=NOON,
            next_try_at=NOON, state=Reply.State.SENT, sent_at=answered_at,
        )  # fmt: skip
    return made


def test_who_began_unhappy_is_counted_by_way_of_answer_and_by_how_they_feel_now() -> None:
    conversation("a", "negative", "positive", answered_min=10, kind="proved")
    conversation("b", "negative", "negative", answered_min=10, kind="proved")
    conversation("c", "negative", "neutral", answered_min=10, kind="signed_in")
    conversation("d", "negative", "positive", answered_min=10)
    conversation("e", "negative", answered_min=10, kind="proved")  # has said nothing since
    conversation("f", "negative", "unsure", answered_min=10, kind="proved")
    conversation("g", "negative")
    conversation("h", "positive", "positive", answered_min=10, kind="proved")  # was never unhappy
    found = outcomes(since=SINCE)
    assert found.ways == (
        Ends("proved", good=1, neutral=0, unhappy=1, unknown=2),
        Ends("signed_in", good=0, neutral=1, unhappy=0, unknown=0),
        Ends("outside", good=1, neutral=0, unhappy=0, unknown=0),
        Ends("none", good=0, neutral=0, unhappy=0, unknown=1),
    )
    assert (found.unhappy.total, found.unhappy.told, found.conversations, found.answered) == (7, 4, 8, 7)


def test_what_was_said_before_the_answer_is_no_outcome_of_it() -> None:
    conversation("a", "negative", "positive", answered_min=90, kind="proved")
    assert outcomes(since=SINCE).unhappy == Ends("all", unknown=1)


def test_good_that_came_without_an_answer_is_not_counted_as_ours() -> None:
    conversation("a", "negative", "positive")
    conversation("b", "negative", "negative", answered_min=10)
    found = outcomes(since=SINCE)
    assert (found.unhappy.good, found.unhappy.total) == (1, 2)
    assert (found.helped.good, found.helped.told) == (0, 1)


def test_the_time_to_the_first_answer_is_told_for_half_and_for_nine_of_ten() -> None:
    for minutes in range(1, 11):
        conversation(str(minutes), "neutral", answered_min=minutes)
    speed = outcomes(since=SINCE).speed
    assert (speed.answers, speed.half, speed.most) == (10, timedelta(minutes=5.5), timedelta(minutes=10))


def test_nothing_to_count_is_said_and_not_divided_by() -> None:
    found = outcomes(since=SINCE)
    assert (found.conversations, found.unhappy.total, found.speed.half) == (0, 0, None)
    assert [piece.width for piece in bar(found.unhappy)] == [0, 0, 0, 0]


def test_the_pieces_of_a_bar_stand_side_by_side_and_fill_it() -> None:
    pieces = bar(Ends("all", good=1, neutral=1, unhappy=1))
    assert [piece.x for piece in pieces] == [0, 333, 666, 999]
    assert abs(sum(piece.width for piece in pieces) - BAR_WIDTH) <= len(pieces)
