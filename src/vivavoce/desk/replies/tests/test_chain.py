"""The record of who spoke: whole, erased, or broken where somebody touched it."""

import json
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import QuerySet
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings
from tests.outbox.world import World

from vivavoce.desk import keys
from vivavoce.desk.inbox.models import Handle, Person, Post
from vivavoce.desk.replies import services
from vivavoce.desk.replies.chain import canonical, commitment
from vivavoce.desk.replies.erasure import person_erase, teammate_erase
from vivavoce.desk.replies.models import CommitmentKey, Draft, Head, Link, Presence, Reply
from vivavoce.desk.replies.verifying import Finding, State, chain_head, verify_chain
from vivavoce.desk.team.models import Teammate
from vivavoce.desk.transparency.models import LedgerEntry
from vivavoce.desk.workers.courier import Courier
from vivavoce.errors import RefusedError, SetupError

TEXT = "Je suis là, Maria."


@pytest.fixture
def chained(world: World, courier: Courier) -> World:
    """Three replies to two people, all delivered: six links."""
    world.sends(TEXT)
    courier.step()
    other = world.asks("Et moi ?").conversation
    world.sends("Vous aussi.", to=other)
    courier.step()
    world.passes(minutes=1)
    world.asks("Encore moi.", conversation=world.conversation)
    world.sends("Toujours là.")
    courier.step()
    assert Link.objects.count() == 6
    return world


def broken() -> list[Finding]:
    return [finding for finding in verify_chain() if finding.state is State.BROKEN]


@pytest.mark.django_db
def test_an_empty_chain_is_whole() -> None:
    assert list(verify_chain()) == []


@pytest.mark.usefixtures("chained")
def test_each_link_is_whole() -> None:
    assert [finding.state for finding in verify_chain()] == [State.WHOLE] * 6


def test_a_link_says_nothing_of_anybody_openly(chained: World) -> None:
    for body in Link.objects.values_list("body", flat=True):
        assert "Maria" not in body
        assert chained.anne.username not in body
        assert "maria" not in body
        json.loads(body)


def _bruno() -> int:
    return Teammate.objects.get(first_name="Bruno").pk


def _presence() -> QuerySet[Presence]:
    return Presence.objects.filter(reply__text=TEXT)


def _swap() -> None:
    one, other = Reply.objects.order_by("queued_at")[:2]
    one.presence.evidence, other.presence.evidence = other.presence.evidence, one.presence.evidence
    one.presence.save()
    other.presence.save()


def _unsaid() -> None:
    _presence().update(evidence={})
    CommitmentKey.objects.filter(link__in=[1, 2]).update(key="")
    Reply.objects.filter(text=TEXT).update(text="", record=None)


def _unlink(number: int) -> None:
    CommitmentKey.objects.filter(link=number).delete()
    Link.objects.filter(number=number).delete()


def _cut(number: int) -> None:
    _unlink(number)
    last = Link.objects.get(number=number - 1)
    Head.objects.update(number=last.number, hash=last.hash)


TAMPERING: dict[str, Callable[[], object]] = {
    "the words": lambda: Reply.objects.filter(text=TEXT).update(text="Je n'ai rien dit."),
    "the teammate": lambda: Reply.objects.filter(text=TEXT).update(teammate_id=_bruno()),
    "the time": lambda: Reply.objects.filter(text=TEXT).update(queued_at="2020-01-01T00:00Z"),
    "the kind of presence": lambda: _presence().update(kind="signed_in"),
    "the method of presence": lambda: _presence().update(method="password"),
    "whose presence": lambda: _presence().update(teammate_id=_bruno()),
    "the evidence": lambda: _presence().update(evidence={}),
    "another reply's presence": _swap,
    "a body": lambda: Link.objects.filter(number=1).update(body="{}"),
    "a hash": lambda: Link.objects.filter(number=2).update(hash="f" * 64),
    "a signature": lambda: Link.objects.filter(number=3).update(signature="00" * 64),
    "a signature that is none": lambda: Link.objects.filter(number=3).update(signature="zz"),
    "the kind of a link": lambda: Link.objects.filter(number=2).update(kind="erasure"),
    "where it was delivered": lambda: Reply.objects.filter(text=TEXT).update(remote_id="elsewhere"),
    "the frozen record": lambda: Reply.objects.filter(text=TEXT).update(record={}),
    "a key": lambda: CommitmentKey.objects.filter(link=1).update(key="00" * 32),
    "a key that is none": lambda: CommitmentKey.objects.filter(link=1).update(key="zz"),
    "a key taken away": lambda: CommitmentKey.objects.filter(link=1).update(key=""),
    "a key deleted": lambda: CommitmentKey.objects.filter(link=1).delete(),
    "words and key taken away": _unsaid,
    "a link in the middle": lambda: _unlink(3),
    "the first link": lambda: _unlink(1),
    "the last link": lambda: _unlink(6),
    "the last link, and the head set back": lambda: _cut(6),
    "the head": lambda: Head.objects.update(number=5),
    "the head's hash": lambda: Head.objects.update(hash="0" * 64),
    "the head deleted": lambda: Head.objects.all().delete(),
    "a reply marked as sent": lambda: _unlink(2),
}


@pytest.mark.usefixtures("chained")
@pytest.mark.parametrize("tampering", TAMPERING)
def test_whoever_touches_it_is_seen(tampering: str) -> None:
    TAMPERING[tampering]()
    assert broken()


@pytest.mark.usefixtures("chained")
def test_a_link_that_was_changed_and_signed_with_another_key_is_seen(
    tmp_path_factory: pytest.TempPathFactory, settings: Settings
) -> None:
    link = Link.objects.get(number=6)
    elsewhere = tmp_path_factory.mktemp("keys")
    keys.prepare(elsewhere)
    home, settings.DATA = settings.DATA, elsewhere
    link.signature = keys.chain_key().sign(link.body.encode()).hex()
    settings.DATA = home
    link.save()
    assert [finding.number for finding in broken()] == [6]


def test_a_reply_inserted_behind_the_desks_back_is_seen(chained: World) -> None:
    reply = Reply.objects.get(text=TEXT)
    reply.presence = Presence.objects.create(
        teammate=chained.anne, conversation=chained.conversation, kind="proved", method="passkey", nonce="x",
        evidence={}, at=chained.now,
    )  # fmt: skip
    reply.pk = uuid4()
    reply.save(force_insert=True)
    assert [finding.kind for finding in broken()] == ["outbox", "outbox"]


def test_no_link_is_added_to_a_chain_without_its_head(chained: World) -> None:
    Head.objects.all().delete()
    chained.asks("Et maintenant ?", conversation=chained.conversation)
    with pytest.raises(SetupError):
        chained.sends("Rien.")


def test_an_erased_person_leaves_the_chain_whole(chained: World) -> None:
    person = chained.conversation.person
    person_erase(person=person, teammate=chained.bruno, now=chained.now)
    states = [finding.state for finding in verify_chain()]
    assert states == [State.ERASED] * 2 + [State.WHOLE] * 2 + [State.ERASED] * 2 + [State.WHOLE]
    assert LedgerEntry.objects.filter(act="erased", person=person, teammate=chained.bruno).exists()


def test_nothing_that_an_erased_person_said_or_was_told_is_left(chained: World) -> None:
    services.draft_save(conversation=chained.conversation, teammate=chained.bruno, text="Chère Maria", now=chained.now)
    person_erase(person=chained.conversation.person, teammate=chained.bruno, now=chained.now)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - the database's own names
            rows = repr(cursor.fetchall())
            for word in ("Il fait froid", "Je suis là, Maria", "Toujours là", "Chère Maria", "Encore moi"):
                assert word not in rows, table
    assert not Draft.objects.exists()
    handle = Handle.objects.get(person=chained.conversation.person)
    assert (handle.handle, handle.name, len(handle.remote_id)) == ("", "", 64)
    assert not Post.objects.filter(author=handle, remote_id__startswith="post/").exists()
    assert Person.objects.get(pk=handle.person_id).name == ""


def test_others_are_not_touched_by_an_erasure(chained: World) -> None:
    person_erase(person=chained.conversation.person, teammate=chained.bruno, now=chained.now)
    assert Post.objects.filter(text="Et moi ?").exists()
    assert Reply.objects.filter(text="Vous aussi.", state="sent").exists()


def test_erasing_twice_does_nothing_more(chained: World) -> None:
    for _time in range(2):
        person_erase(person=chained.conversation.person, teammate=chained.bruno, now=chained.now)
    assert Link.objects.filter(kind="erasure").count() == 1


def test_words_that_come_back_after_an_erasure_are_seen(chained: World) -> None:
    person_erase(person=chained.conversation.person, teammate=chained.bruno, now=chained.now)
    Reply.objects.filter(text="").update(text="Je l'ai gardé.")
    assert len(broken()) == 4


def test_a_queued_reply_to_an_erased_person_never_leaves(world: World, courier: Courier) -> None:
    reply = world.sends(TEXT)
    person_erase(person=world.conversation.person, teammate=world.anne, now=world.now)
    courier.step()
    reply.refresh_from_db()
    assert (reply.state, reply.problem_code, reply.text) == ("failed", "erased", "")
    assert not broken()


def test_nobody_is_erased_while_a_reply_is_leaving(world: World) -> None:
    reply = world.sends(TEXT)
    Reply.objects.filter(pk=reply.pk).update(state="sending", lease_owner="c", lease_until=world.now)
    with pytest.raises(RefusedError):
        person_erase(person=world.conversation.person, teammate=world.anne, now=world.now)
    world.post.refresh_from_db()
    assert world.post.text


def test_an_erased_person_cannot_be_answered(chained: World) -> None:
    person_erase(person=chained.conversation.person, teammate=chained.bruno, now=chained.now)
    with pytest.raises(RefusedError):
        chained.sends("Encore un mot.")


def test_an_erased_teammate_leaves_replies_and_the_chain_whole(chained: World) -> None:
    teammate_erase(teammate=chained.anne, by=chained.bruno, now=chained.now)
    chained.anne.refresh_from_db()
    assert "Anne" not in repr(chained.anne.__dict__)
    assert not chained.anne.is_active
    assert Reply.objects.filter(text=TEXT).exists()
    assert not broken()


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=20) | st.integers() | st.none(), max_size=5))
@hypothesis_settings(suppress_health_check=[HealthCheck.too_slow])
def test_canonical_json_is_one_form_for_one_value(values: dict[str, object]) -> None:
    turned = dict(reversed(values.items()))
    assert canonical(values) == canonical(turned)
    assert json.loads(canonical(values)) == values
    assert commitment("00" * 32, values) == commitment("00" * 32, turned)
    assert commitment("00" * 32, values) != commitment("11" * 32, values)


def test_the_head_shows_a_chain_that_was_cut_off_with_all_that_hung_on_it(chained: World) -> None:
    kept = chain_head()
    assert kept[0] == 6
    chained.asks("Encore.", conversation=chained.conversation)
    chained.sends("Oui.")
    assert chain_head()[0] == 7
    assert Link.objects.get(number=kept[0]).hash == kept[1]
