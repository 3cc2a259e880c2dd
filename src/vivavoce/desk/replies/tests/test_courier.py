"""Each thing that can happen between a teammate's word and the network, and how it ends: visibly, and once."""

from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError
from tests.outbox.memory import Server
from tests.outbox.world import World

from vivavoce.desk.inbox.intake import take_in
from vivavoce.desk.inbox.models import Conversation, Person, Post
from vivavoce.desk.inbox.reader import read_records
from vivavoce.desk.replies import outbox, services
from vivavoce.desk.replies.models import Link, Presence, Reply
from vivavoce.desk.replies.problems import Problem
from vivavoce.desk.replies.verifying import State, verify_chain
from vivavoce.desk.transparency.models import LedgerEntry
from vivavoce.desk.workers.courier import LEASE_S, Courier
from vivavoce.errors import NetworkError, RefusedError, UnclearError
from vivavoce.networks.base import Batch, Clock
from vivavoce.posts import Addressed, Author
from vivavoce.posts import Post as PostValue

TEXT = "Je suis là. Que se passe-t-il ?"
AWAY = NetworkError("The server is away.")
LOST = UnclearError("The answer got lost.")


def settled(world: World, courier: Courier, *, minutes: float = 60) -> None:
    """Let the courier work until nothing moves, with time passing."""
    began, end = world.now, world.now + timedelta(minutes=minutes)
    while world.now < end:
        while courier.step():
            pass
        world.passes(seconds=1 if world.now - began < timedelta(seconds=30) else 60)


def whole() -> bool:
    return all(finding.state is State.WHOLE for finding in verify_chain())


def now_is(reply: Reply, state: str, problem: str = "") -> None:
    reply.refresh_from_db()
    assert (reply.state, reply.problem_code) == (state, problem)
    assert reply.lease_until is None


def test_a_reply_leaves_at_once_and_is_in_the_thread(world: World, courier: Courier, server: Server) -> None:
    reply = world.sends(TEXT)
    assert courier.step()
    now_is(reply, "sent")
    assert server.arrivals == [TEXT]
    ours = Post.objects.get(ours=True)
    assert (ours.text, ours.remote_id, ours.conversation_id) == (TEXT, reply.remote_id, world.conversation.pk)
    world.conversation.refresh_from_db()
    assert world.conversation.answered_at is not None
    assert [link.kind for link in Link.objects.order_by("number")] == ["reply", "delivery"]
    assert whole()
    assert not courier.step()


def test_the_post_waits_no_more_from_the_moment_the_reply_is_queued(world: World) -> None:
    world.sends(TEXT)
    world.post.refresh_from_db()
    assert not world.post.waits
    assert not Person.objects.get(pk=world.conversation.person_id).waiting


def test_the_record_is_frozen_and_stored_before_the_network_is_asked(
    world: World, courier: Courier, server: Server
) -> None:
    reply = world.sends(TEXT)
    seen: list[object] = []

    def look() -> None:
        stored = Reply.objects.get()
        seen.append((stored.state, stored.record is not None, stored.tries))

    server.before_send = look
    courier.step()
    assert seen == [("sending", True, 1)]
    now_is(reply, "sent")


def test_too_many_requests_are_waited_for_as_long_as_asked(world: World, courier: Courier, server: Server) -> None:
    reply = world.sends(TEXT)
    server.send_faults = [NetworkError("Too many.", retry_after_s=60)]
    courier.step()
    now_is(reply, "queued", Problem.WAITING)
    world.passes(seconds=59)
    assert not courier.step()
    settled(world, courier, minutes=1)
    now_is(reply, "sent")
    assert server.arrivals == [TEXT]


def test_an_account_that_was_asked_for_quiet_is_left_alone_for_all_its_replies(
    world: World, courier: Courier, server: Server
) -> None:
    world.sends(TEXT)
    other = world.asks("Et moi ?").conversation
    world.sends("Vous aussi.", to=other)
    server.send_faults = [NetworkError("Too many.", retry_after_s=60)]
    assert courier.step()
    assert not courier.step()


def test_a_broken_server_is_tried_again_after_a_look(world: World, courier: Courier, server: Server) -> None:
    reply = world.sends(TEXT)
    server.send_faults = [NetworkError("500"), NetworkError("500"), NetworkError("500")]
    settled(world, courier, minutes=2)
    now_is(reply, "sent")
    assert server.arrivals == [TEXT]
    sends = [place for place, call in enumerate(server.calls) if call == "send"]
    assert all(server.calls[place - 1] == "find" for place in sends[1:])


def test_a_broken_server_that_took_it_all_the_same_has_it_once(world: World, courier: Courier, server: Server) -> None:
    reply = world.sends(TEXT)
    server.send_faults, server.send_arrives_though = [NetworkError("500")], True
    settled(world, courier, minutes=2)
    now_is(reply, "sent")
    assert server.arrivals == [TEXT]
    assert server.calls.count("send") == 1


def test_a_lost_answer_is_looked_up_and_found(world: World, courier: Courier, server: Server) -> None:
    reply = world.sends(TEXT)
    server.send_faults, server.send_arrives_though = [LOST], True
    courier.step()
    now_is(reply, "unknown", Problem.LOOKING)
    world.passes(seconds=2)
    courier.step()
    now_is(reply, "sent")
    assert server.arrivals == [TEXT]


def test_a_lost_request_is_looked_up_given_time_and_sent_again_under_its_key(
    world: World, courier: Courier, server: Server
) -> None:
    reply = world.sends(TEXT)
    server.send_faults = [LOST]
    courier.step()
    reply.refresh_from_db()
    record = reply.record
    settled(world, courier, minutes=1)
    now_is(reply, "sent")
    assert reply.record == record
    assert server.arrivals == [TEXT]


def test_when_nobody_can_look_a_person_decides_that_it_is_there(world: World, courier: Courier, server: Server) -> None:
    reply = world.sends(TEXT)
    server.send_faults, server.send_arrives_though = [LOST], True
    server.find_faults = [AWAY] * 500
    settled(world, courier)
    now_is(reply, "unknown", Problem.UNCLEAR)
    assert reply.asks_for_a_person
    world.post.refresh_from_db()
    assert world.post.waits
    services.reply_decide(reply=reply, teammate=world.bruno, decision="there", now=world.now)
    now_is(reply, "sent")
    world.post.refresh_from_db()
    assert not world.post.waits
    assert whole()


def test_when_a_person_lets_it_go_again_it_is_still_looked_for_first(
    world: World, courier: Courier, server: Server
) -> None:
    reply = world.sends(TEXT)
    server.send_faults, server.send_arrives_though = [LOST], True
    server.find_faults = [AWAY] * 500
    settled(world, courier, minutes=180)
    now_is(reply, "unknown", Problem.UNCLEAR)
    server.find_faults.clear()
    services.reply_decide(reply=reply, teammate=world.anne, decision="again", now=world.now)
    settled(world, courier, minutes=10)
    now_is(reply, "sent")
    assert server.arrivals == [TEXT]


def test_other_words_under_its_key_are_for_a_person_to_decide(world: World, courier: Courier, server: Server) -> None:
    reply = world.sends(TEXT)
    server.send_faults, server.send_arrives_though = [LOST], True
    courier.step()
    key = next(iter(server.standing))
    server.standing[key] = "D'autres mots."
    settled(world, courier, minutes=1)
    now_is(reply, "unknown", Problem.OTHER_WORDS)
    services.reply_decide(reply=reply, teammate=world.anne, decision="again", now=world.now)
    settled(world, courier, minutes=5)
    now_is(reply, "sent")
    assert list(server.standing.values()) == ["D'autres mots.", TEXT]


def test_it_is_decided_once(world: World, courier: Courier, server: Server) -> None:
    reply = world.sends(TEXT)
    server.send_faults, server.find_faults = [LOST], [NetworkError("gone", permanent=True)]
    settled(world, courier, minutes=1)
    now_is(reply, "unknown", Problem.UNCLEAR)
    services.reply_decide(reply=reply, teammate=world.anne, decision="there", now=world.now)
    with pytest.raises(RefusedError):
        services.reply_decide(reply=reply, teammate=world.bruno, decision="again", now=world.now)


def test_a_refusal_for_good_fails_and_the_person_waits_again(world: World, courier: Courier, server: Server) -> None:
    reply = world.sends(TEXT)
    server.send_faults = [NetworkError("You are blocked.", permanent=True)]
    courier.step()
    now_is(reply, "failed", Problem.REFUSED)
    assert "You are blocked." in reply.problem
    assert reply.asks_for_a_person
    world.post.refresh_from_db()
    assert world.post.waits
    assert Person.objects.get(pk=world.conversation.person_id).waiting
    services.reply_edit(reply=reply, teammate=world.anne, now=world.now)
    reply.refresh_from_db()
    assert not reply.asks_for_a_person


def test_a_record_that_cannot_be_frozen_fails(world: World, courier: Courier, server: Server) -> None:
    reply = world.sends(TEXT)
    server.freeze_faults = [NetworkError("Too long.", permanent=True)]
    courier.step()
    now_is(reply, "failed", Problem.REFUSED)
    assert server.calls.count("send") == 0


def test_an_error_that_no_network_may_raise_is_unclear_and_never_stops_the_courier(
    world: World, courier: Courier, server: Server
) -> None:
    reply = world.sends(TEXT)
    server.send_faults, server.send_arrives_though = [ZeroDivisionError("a bug")], True
    courier.step()
    now_is(reply, "unknown", Problem.LOOKING)
    settled(world, courier, minutes=1)
    now_is(reply, "sent")
    assert server.arrivals == [TEXT]


def test_what_could_not_leave_for_two_hours_goes_back(world: World, courier: Courier, server: Server) -> None:
    reply = world.sends(TEXT)
    server.connect_faults = [AWAY] * 1000
    settled(world, courier, minutes=119)
    now_is(reply, "queued", Problem.WAITING)
    settled(world, courier, minutes=2)
    now_is(reply, "returned", Problem.TOO_OLD)
    world.post.refresh_from_db()
    assert world.post.waits
    assert server.arrivals == []


def test_what_was_tried_goes_back_only_after_a_look(world: World, courier: Courier, server: Server) -> None:
    reply = world.sends(TEXT)
    server.send_faults, server.send_arrives_though = [NetworkError("500")], True
    courier.step()
    world.passes(hours=3)
    settled(world, courier, minutes=1)
    now_is(reply, "sent")


def test_what_was_tried_and_cannot_be_looked_up_is_for_a_person(world: World, courier: Courier, server: Server) -> None:
    reply = world.sends(TEXT)
    server.send_faults = [NetworkError("500")]
    courier.step()
    server.find_faults = [AWAY] * 1000
    settled(world, courier, minutes=200)
    now_is(reply, "unknown", Problem.UNCLEAR)


def test_when_the_person_has_written_since_it_goes_back(world: World, courier: Courier, server: Server) -> None:
    reply = world.sends(TEXT)
    world.passes(seconds=5)
    world.asks("C'est réglé, merci.", conversation=world.conversation)
    courier.step()
    now_is(reply, "returned", Problem.PERSON_WROTE)
    assert server.arrivals == []


def test_when_the_person_has_deleted_their_post_it_goes_back(world: World, courier: Courier, server: Server) -> None:
    reply = world.sends(TEXT)
    Post.objects.filter(pk=world.post.pk).update(deleted_at=world.passes(seconds=5), text="")
    courier.step()
    now_is(reply, "returned", Problem.PERSON_DELETED)
    world.post.refresh_from_db()
    assert not world.post.waits
    assert server.arrivals == []


def test_when_the_person_has_changed_their_words_it_goes_back(world: World, courier: Courier, server: Server) -> None:
    reply = world.sends(TEXT)
    Post.objects.filter(pk=world.post.pk).update(edited_at=world.passes(seconds=5))
    courier.step()
    now_is(reply, "returned", Problem.PERSON_WROTE)
    assert server.arrivals == []


def test_what_must_not_leave_is_given_back_even_while_the_network_is_left_alone(
    world: World, courier: Courier, server: Server
) -> None:
    first = world.asks("Et moi ?").conversation
    world.sends("Un instant.", to=first)
    reply = world.sends(TEXT)
    server.send_faults = [NetworkError("Too many.", retry_after_s=7200)]
    courier.step()
    world.passes(seconds=60)
    world.asks("Toujours là ?", conversation=world.conversation)
    courier.step()
    now_is(reply, "returned", Problem.PERSON_WROTE)


def test_an_account_that_was_disconnected_sends_nothing(world: World, courier: Courier, server: Server) -> None:
    reply = world.sends(TEXT)
    world.account.active = False
    world.account.save()
    courier.step()
    now_is(reply, "failed", Problem.NO_ACCOUNT)
    assert server.arrivals == []


def test_a_person_who_writes_while_the_reply_is_on_its_way_still_waits(
    world: World, courier: Courier, server: Server
) -> None:
    world.sends(TEXT)
    world.passes(seconds=1)

    def writes() -> None:
        world.asks("Et aussi ceci.", conversation=world.conversation)

    server.before_send = writes
    courier.step()
    assert Post.objects.get(text="Et aussi ceci.").waits
    assert Person.objects.get(pk=world.conversation.person_id).waiting


def test_a_courier_killed_in_the_middle_is_followed_by_one_that_looks_first(
    world: World, courier: Courier, server: Server
) -> None:
    reply = world.sends(TEXT)
    server.before_send = _kill
    with pytest.raises(KeyboardInterrupt):
        courier.step()
    reply.refresh_from_db()
    assert reply.state == "sending"
    server.before_send = lambda: None
    next_one = Courier(clock=world.clock, open_network=courier.open_network)
    assert not next_one.step()
    world.passes(seconds=LEASE_S + 1)
    settled(world, next_one, minutes=1)
    now_is(reply, "sent")
    assert server.arrivals == [TEXT]
    assert server.calls.index("find") < len(server.calls) - 1 - server.calls[::-1].index("send")


def test_a_courier_that_lost_its_lease_changes_nothing(world: World, courier: Courier, server: Server) -> None:
    reply = world.sends(TEXT)
    server.before_send = lambda: _steal(reply)
    courier.step()
    reply.refresh_from_db()
    assert (reply.state, reply.lease_owner) == ("sending", "another")
    assert Link.objects.filter(kind="delivery").count() == 0


def test_two_couriers_never_hold_the_same_reply(world: World) -> None:
    world.sends(TEXT)
    first = outbox.claim(owner="one", lease_s=60, now=world.now)
    second = outbox.claim(owner="two", lease_s=60, now=world.now)
    assert first is not None
    assert second is None


def test_replies_of_a_conversation_leave_in_their_order(world: World, courier: Courier, server: Server) -> None:
    world.sends("Premièrement.")
    world.passes(seconds=1)
    world.sends("Deuxièmement.")
    server.send_faults = [NetworkError("500")]
    settled(world, courier, minutes=1)
    assert server.arrivals == ["Premièrement.", "Deuxièmement."]


@pytest.mark.parametrize(
    "tampering",
    [
        {"text": "Achetez maintenant !"},
        {"queued_at": None},
        {"teammate": None},
    ],
    ids=lambda values: next(iter(values)),
)
def test_what_was_changed_in_the_database_does_not_leave(
    world: World, courier: Courier, server: Server, tampering: dict[str, object]
) -> None:
    reply = world.sends(TEXT)
    values = {"queued_at": world.now + timedelta(seconds=1), "teammate": world.bruno} | {
        name: value for name, value in tampering.items() if value is not None
    }
    Reply.objects.filter(pk=reply.pk).update(**{name: values[name] for name in tampering})
    settled(world, courier, minutes=1)
    now_is(reply, "failed", Problem.PRESENCE)
    assert server.arrivals == []


def test_a_presence_that_was_changed_in_the_database_lets_nothing_leave(
    world: World, courier: Courier, server: Server
) -> None:
    reply = world.sends(TEXT)
    Presence.objects.update(evidence={})
    courier.step()
    now_is(reply, "failed", Problem.PRESENCE)
    assert server.arrivals == []


def test_a_frozen_record_that_was_changed_does_not_leave(world: World, courier: Courier, server: Server) -> None:
    reply = world.sends(TEXT)
    server.send_faults = [NetworkError("500")]
    courier.step()
    reply.refresh_from_db()
    assert reply.record is not None
    reply.record["payload"] = '{"text": "Achetez !"}'
    reply.save()
    settled(world, courier, minutes=5)
    reply.refresh_from_db()
    assert reply.state == "unknown"
    assert server.arrivals == []


def test_a_reply_made_up_in_the_database_does_not_leave(world: World, courier: Courier, server: Server) -> None:
    real = world.sends(TEXT)
    courier.step()
    Presence.objects.create(
        teammate=world.anne, conversation=world.conversation, kind="proved", method="passkey", nonce="made up",
        evidence=real.presence.evidence, at=world.now,
    )  # fmt: skip
    forged = Reply.objects.create(
        conversation=world.conversation, answers=world.post, teammate=world.anne, text="Achetez !",
        presence=Presence.objects.get(nonce="made up"), queued_at=world.now, next_try_at=world.now,
    )  # fmt: skip
    settled(world, courier, minutes=1)
    now_is(forged, "failed", Problem.PRESENCE)
    assert server.arrivals == [TEXT]


def test_each_end_is_in_the_ledger(world: World, courier: Courier, server: Server) -> None:
    world.sends(TEXT)
    courier.step()
    assert LedgerEntry.objects.filter(part="courier", act="sent", person=world.conversation.person).exists()
    other = world.asks("Et moi ?").conversation
    world.sends("Vous aussi.", to=other)
    server.send_faults = [NetworkError("No.", permanent=True)]
    courier.step()
    assert LedgerEntry.objects.filter(part="courier", act="failed", reason="refused").exists()


def test_the_listener_may_hear_our_reply_before_the_courier_has_recorded_it(
    world: World, courier: Courier, server: Server
) -> None:
    reply = world.sends(TEXT)
    conversation = Conversation.objects.get(pk=world.conversation.pk)

    def heard() -> None:
        stored = Reply.objects.get(pk=reply.pk)
        assert stored.record is not None
        Post.objects.create(
            account=world.account, network="demo", remote_id=f"post/{stored.record['key']}", ours=True, text=TEXT,
            author=world.post.author, created_at=world.now, seen_at=world.now, stored_at=world.now,
            root=conversation.root,
        )  # fmt: skip

    server.before_send = heard
    courier.step()
    now_is(reply, "sent")
    assert Post.objects.get(ours=True).conversation_id == conversation.pk


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_does_not_stop_the_courier(world: World, courier: Courier) -> None:
    reply = world.sends(TEXT)

    class Stop:
        rounds = 0

        def is_set(self) -> bool:
            return self.rounds > 2

        def wait(self, _seconds: float) -> None:
            self.rounds += 1

    honest = courier.clock
    courier.clock = _away(honest)
    courier.run(Stop())  # type: ignore[arg-type]
    now_is(reply, "sent")


def _away(clock: Clock) -> Clock:
    times = iter([DatabaseError("gone")])

    def tells() -> datetime:
        for error in times:
            raise error
        return clock()

    return tells


def _kill() -> None:
    raise KeyboardInterrupt


def _steal(reply: Reply) -> None:
    Reply.objects.filter(pk=reply.pk).update(lease_owner="another")


def test_what_the_listener_brings_late_is_not_answered_by_a_reply_that_could_not_know_it(
    world: World, courier: Courier
) -> None:
    world.sends(TEXT)
    courier.step()
    late = PostValue(
        id="post/late",
        network="demo",
        author=Author(id=world.post.author.remote_id, handle="maria"),
        text="Et ma voisine aussi a froid.",
        created_at=world.now,
        seen_at=world.now - timedelta(seconds=1),
        root=world.conversation.root,
        reply_to=world.post.remote_id,
        addressed=Addressed.REPLY,
        version="1",
    )
    world.passes(seconds=2)
    take_in(world.account, Batch((late,), "1"), now=world.now, reader=read_records)
    assert Post.objects.get(remote_id="post/late").waits
