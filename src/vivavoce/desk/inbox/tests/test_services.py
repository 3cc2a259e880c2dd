import threading
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction

from vivavoce.desk.inbox import services
from vivavoce.desk.inbox.models import Lane, Person
from vivavoce.desk.live.models import Signal
from vivavoce.desk.team.models import Rule, Teammate
from vivavoce.desk.transparency.models import LedgerEntry
from vivavoce.errors import BadInputError
from vivavoce.posts import Addressed, Deletion

from .conftest import NOON, World, record

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(minutes=30)


def version(topic: str) -> int:
    return sum(Signal.objects.filter(topic=topic).values_list("version", flat=True))


def test_a_corrected_urgency_moves_the_due_time_and_is_kept(world: World, teammate: Teammate) -> None:
    post = world.post()
    world.take_in(post)
    services.correct(post=world.row(post), label="urgency", value="hour", teammate=teammate, now=LATER)
    row = world.row(post)
    assert (row.due_at, row.reading.urgency) == (NOON + timedelta(minutes=60), "hour")
    assert world.person().due_at == row.due_at
    (correction,) = row.corrections.all()
    assert (correction.was, correction.now, correction.teammate) == ("today", "hour", teammate)
    assert row.reading.record["decided"]["urgency"] == "today"
    acts = list(LedgerEntry.objects.filter(teammate=teammate).values_list("act", flat=True))
    assert sorted(acts) == ["corrected", "due"]


def test_what_a_teammate_calls_danger_goes_first_and_alerts(world: World, teammate: Teammate) -> None:
    post = world.post()
    world.take_in(post)
    services.correct(post=world.row(post), label="danger", value="true", teammate=teammate, now=LATER)
    assert (world.person().lane, version("alerts")) == (Lane.DANGER, 1)
    services.correct(post=world.row(post), label="danger", value="false", teammate=teammate, now=LATER)
    assert (world.person().lane, version("alerts")) == (Lane.ORDINARY, 2)


def test_a_corrected_feeling_moves_the_outcome(world: World, teammate: Teammate) -> None:
    post = world.post()
    world.take_in(post)
    services.correct(post=world.row(post), label="sentiment", value="positive", teammate=teammate, now=LATER)
    assert world.conversation(post).last_felt == "positive"


@pytest.mark.parametrize(("label", "value"), [("urgency", "yesterday"), ("danger", "unsure"), ("reader", "me")])
def test_what_is_no_label_is_refused_in_words(world: World, teammate: Teammate, label: str, value: str) -> None:
    post = world.post()
    world.take_in(post)
    with pytest.raises(BadInputError, match="Choose one of"):
        services.correct(post=world.row(post), label=label, value=value, teammate=teammate, now=LATER)


def test_a_conversation_that_is_set_aside_waits_no_more_until_the_person_writes_again(
    world: World, teammate: Teammate
) -> None:
    post = world.post()
    world.take_in(post)
    entry = services.set_aside(conversation=world.conversation(post), teammate=teammate, now=LATER)
    assert entry is not None
    assert not world.person().waiting
    assert world.conversation(post).closed_at == LATER
    assert LedgerEntry.objects.filter(act="due").latest("pk").reason == "set_aside"
    world.take_in(world.post(root=post.id, reply_to=post.id, seen_at=LATER))
    assert world.person().waiting
    assert world.conversation(post).closed_at is None
    assert not world.row(post).waits


def test_setting_aside_can_be_undone_once(world: World, teammate: Teammate) -> None:
    kept, deleted = world.post(), world.post()
    world.take_in(kept, world.post("More", id="more", root=kept.id), deleted)
    entry = services.set_aside(conversation=world.conversation(kept), teammate=teammate, now=LATER)
    assert entry is not None
    world.take_in(Deletion("more", "demo", LATER))
    services.set_aside_undo(entry=entry, teammate=teammate, now=LATER)
    services.set_aside_undo(entry=entry, teammate=teammate, now=LATER + timedelta(hours=1))
    assert world.row(kept).waits
    assert not world.row(world.post(id="more")).waits
    assert world.conversation(kept).closed_at is None
    entry.refresh_from_db()
    assert (entry.undone_at, entry.undone_by) == (LATER, teammate)


def test_nothing_to_set_aside_is_nothing(world: World, teammate: Teammate) -> None:
    post = world.post()
    world.take_in(post, world.answer(post))
    assert services.set_aside(conversation=world.conversation(post), teammate=teammate, now=LATER) is None


def test_another_act_cannot_be_undone_as_if_it_were_set_aside(world: World, teammate: Teammate) -> None:
    world.take_in(world.post())
    with pytest.raises(BadInputError):
        services.set_aside_undo(entry=LedgerEntry.objects.latest("pk"), teammate=teammate, now=LATER)


def test_an_overheard_post_waits_once_somebody_takes_it(world: World, teammate: Teammate) -> None:
    post = world.post(addressed=Addressed.OVERHEARD)
    world.take_in(post)
    conversation = services.take(post=world.row(post), teammate=teammate, now=LATER)
    row = world.row(post)
    assert (row.conversation, row.waits, row.due_at) == (conversation, True, NOON + timedelta(minutes=240))
    assert world.person().due_post == row
    assert services.take(post=row, teammate=teammate, now=LATER) == conversation
    assert LedgerEntry.objects.filter(act="taken").count() == 1


def test_our_own_post_cannot_be_taken(world: World, teammate: Teammate) -> None:
    ours = world.post(ours=True, author="brand", addressed=Addressed.OVERHEARD)
    world.take_in(ours)
    with pytest.raises(BadInputError):
        services.take(post=world.row(ours), teammate=teammate, now=LATER)


def test_a_person_is_given_to_a_teammate_and_back_to_nobody(world: World, teammate: Teammate) -> None:
    world.take_in(world.post())
    services.assign(person=world.person(), to=teammate, teammate=teammate, now=LATER)
    assert world.person().assignee == teammate
    services.assign(person=world.person(), to=None, teammate=teammate, now=LATER)
    assert world.person().assignee is None
    facts = [(entry.before, entry.after) for entry in LedgerEntry.objects.filter(act="assigned").order_by("pk")]
    assert facts == [({"to": None}, {"to": teammate.pk}), ({"to": teammate.pk}, {"to": None})]


def test_an_answer_covers_what_came_before_it_and_nothing_after(world: World) -> None:
    first, second = world.post(), world.post("And now?", seen_at=NOON + timedelta(minutes=5))
    third = world.post("Hello?", seen_at=NOON + timedelta(minutes=9))
    for post in (second, third):
        world.take_in(first, world.post(post.text, id=post.id, root=first.id, seen_at=post.seen_at))
    services.answered(conversation=world.conversation(first), up_to=world.row(second), now=LATER)
    assert [world.row(post).waits for post in (first, second, third)] == [False, False, True]
    services.waits_again(conversation=world.conversation(first), answered_at=LATER, now=LATER + timedelta(minutes=1))
    assert [world.row(post).waits for post in (first, second, third)] == [True, True, True]
    assert world.person().due_post == world.row(first)


def test_what_was_deleted_meanwhile_does_not_wait_again(world: World) -> None:
    post = world.post()
    world.take_in(post)
    services.answered(conversation=world.conversation(post), up_to=world.row(post), now=LATER)
    world.take_in(Deletion(post.id, "demo", LATER))
    services.waits_again(conversation=world.conversation(post), answered_at=LATER, now=LATER)
    assert not world.person().waiting


def test_the_first_reply_that_arrived_is_the_answer(world: World) -> None:
    post = world.post()
    world.take_in(post)
    for minutes in (10, 20):
        services.reply_arrived(conversation=world.conversation(post), at=NOON + timedelta(minutes=minutes))
    conversation = world.conversation(post)
    assert (conversation.answered_at, conversation.last_at) == (
        NOON + timedelta(minutes=10),
        NOON + timedelta(minutes=20),
    )


def test_a_changed_rule_moves_every_due_time_but_danger(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "PEOPLE_AT_ONCE", 2)
    world.reads["Smoke!"] = record(danger=True)
    world.take_in(*(world.post(author=f"a{number}") for number in range(5)), world.post("Smoke!", author="bob"))
    rule = Rule.objects.create(allowance_today_min=30)
    with transaction.atomic():
        services.rule_changed(rule=rule, now=LATER)
    due = set(Person.objects.filter(lane=Lane.ORDINARY).values_list("due_at", flat=True))
    assert due == {NOON + timedelta(minutes=30)}
    assert world.person("bob").due_at == NOON + timedelta(minutes=10)
    assert LedgerEntry.objects.filter(act="due", part="teammate").count() == 5


def test_every_service_tells_the_screens(world: World, teammate: Teammate) -> None:
    post = world.post()
    world.take_in(post)
    topic = f"conversation:{world.conversation(post).pk}"
    before = version("queue"), version(topic)
    services.set_aside(conversation=world.conversation(post), teammate=teammate, now=LATER)
    assert (version("queue"), version(topic)) == (before[0] + 1, before[1] + 1)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
@pytest.mark.django_db(transaction=True)
def test_two_writers_of_the_same_people_do_not_wait_for_each_other_in_a_circle(
    world: World, teammate: Teammate
) -> None:
    posts = [world.post(author=name) for name in ("ada", "bob")]
    world.take_in(*posts)
    failures: list[Exception] = []

    def busy(order: list[str], *, correcting: bool) -> None:
        try:
            for number in range(25):
                if correcting:
                    for post in posts:
                        value = ("hour", "today")[number % 2]
                        services.correct(
                            post=world.row(post), label="urgency", value=value, teammate=teammate, now=LATER
                        )
                else:
                    world.take_in(*(world.post(author=name, id=f"{order} {name} {number}") for name in order))
        except Exception as error:  # noqa: BLE001 - told below
            failures.append(error)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=busy, args=(["ada", "bob"],), kwargs={"correcting": False}),
        threading.Thread(target=busy, args=(["bob", "ada"],), kwargs={"correcting": False}),
        threading.Thread(target=busy, args=([],), kwargs={"correcting": True}),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert Person.objects.filter(waiting=True).count() == 2
