"""The test suite that every network passes, published for the authors of plug-ins.

Subclass ``NetworkContract`` as ``TestX`` in a test module and give it a ``harness`` fixture; ``docs/networks.md``
walks through it. What a network says it cannot do is not tried, and must be refused. The suite speaks in the name
of nobody: the presence it needs is signed with a key that it throws away.
"""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vivavoce.errors import BadInputError, NetworkError, RefusedError, UnclearError
from vivavoce.networks.base import Network, Record, Sighting, Standing, Words
from vivavoce.networks.harness import Breaks, Ear, Edits, Fault, Harness, Whispers
from vivavoce.networks.permit import Permit, SignedInPresence, challenge, issue
from vivavoce.posts import Addressed, Deletion, Post, Visibility, storable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EMPTY_POLL_GRACE_S = 5.0
"""How much longer than asked an empty poll may take: a busy machine, never a blocked listener."""

CONVERSATION = "contract"
"""The suite's presences are given in this one conversation."""

BACKWARDS_S_MAX = 60.0
"""Servers' clocks differ a little; a network's time never jumps back further than this within a batch."""

HOSTILE = {
    "NUL": "avant\x00après",
    "lone surrogate": "avant\ud83dapr\udc00ès",
    "right to left": "\u202eabc\u202c שלום عليكم \u200f!",
    "joined emoji": "👩‍👩‍👧‍👦 et 👍🏽 e\u0301",
    "markup": '<script>alert("x")</script> <b>&amp;</b> javascript:alert(1) [x](javascript:1)',
    "300 kB": "à la longue " * 25_000,
}


def presence_for(record: Record) -> SignedInPresence:
    """Sign, with a key made for this one call, that somebody was there for these words."""
    key = Ed25519PrivateKey.generate()
    expected = challenge(conversation=CONVERSATION, text=record.words.text, nonce=record.key)
    return SignedInPresence(
        conversation=CONVERSATION,
        nonce=record.key,
        desk_key=key.public_key().public_bytes_raw(),
        signature=key.sign(b"signed in" + expected),
    )


def permit_for(record: Record) -> Permit:
    """Issue a permit for one record of the suite."""
    return issue(record, presence_for(record), conversation=CONVERSATION)


def answer(post: Post, text: str) -> Words:
    """Word a reply to a post that starts a thread."""
    return Words(
        text=text,
        reply_to=post.id,
        reply_to_version=post.version,
        root=post.id,
        root_version=post.version,
        visibility=post.visibility,
    )


class NetworkContract:
    """What a network promises, as tests. The subclass provides the ``harness`` fixture, new for each test."""

    settle_s = 15.0
    """Seconds within which what is posted can be heard, found and read on this network."""

    @pytest.fixture
    def network(self, harness: Harness) -> Iterator[Network]:
        """The brand's account."""
        network = harness.connect()
        yield network
        network.close()

    @pytest.fixture
    def ear(self, network: Network) -> Ear:
        """An ear that has heard all that was there before the test."""
        ear = Ear(network, None, settle_s=self.settle_s)
        while True:
            batch = network.listen(ear.cursor, wait_s_max=0.0)
            ear.cursor = batch.cursor
            if not batch.events:
                return ear

    @pytest.fixture
    def asked(self, harness: Harness, ear: Ear) -> Post:
        """A public post that waits for an answer; without public replies, the test is not for this network."""
        if not ear.network.capabilities.public:
            pytest.skip("this network takes no public replies")
        return ear.post(harness.somebody_posts("Bonjour, y a-t-il quelqu'un ?"))

    def freeze(self, network: Network, words: Words) -> Record:
        """Freeze words at a time that only this suite knows."""
        return network.freeze(words, created_at=datetime.now(UTC))

    def eventually(self, true: Callable[[], bool], *, what: str) -> None:
        """Wait until something is true of a network that may take its time."""
        deadline = time.monotonic() + self.settle_s
        while not true():
            assert time.monotonic() < deadline, f"{what}: not so after {self.settle_s} s"
            time.sleep(0.05)

    def present(self, network: Network, record: Record) -> Sighting:
        """Wait until a record is found."""
        self.eventually(lambda: network.find(record).standing is Standing.PRESENT, what="the reply is there")
        return network.find(record)

    def spoken(self, network: Network, root: str) -> list[str]:
        """Return the brand's own words in a thread."""
        posts = network.thread(root)
        assert all(post.ours == (post.author.id == network.account.id) for post in posts)
        return [post.text for post in posts if post.ours]

    # Listening

    def test_it_is_a_network_with_a_name_and_an_account(self, network: Network) -> None:
        assert isinstance(network, Network)
        assert network.name
        assert network.account.id
        assert network.capabilities.characters_max > 0

    def test_a_mention_is_heard_with_its_words_and_its_person(self, harness: Harness, ear: Ear) -> None:
        post = ear.post(harness.somebody_posts("Il fait froid chez moi."))
        assert "Il fait froid chez moi." in post.text
        assert post.author.id
        assert post.author.id != ear.network.account.id
        assert not post.ours
        assert post.addressed is Addressed.MENTION
        assert post.visibility is Visibility.PUBLIC

    def test_the_first_answer_has_a_cursor_even_when_nothing_was_said(self, network: Network) -> None:
        assert network.listen(None, wait_s_max=0.0).cursor is not None

    def test_times_are_the_networks_in_utc_and_do_not_jump_back(self, harness: Harness, ear: Ear) -> None:
        ids = [harness.somebody_posts(f"numéro {n}") for n in range(3)]
        heard = ear.posts(*ids)
        for post in heard.values():
            assert post.seen_at.utcoffset() == timedelta(0)
            assert post.created_at.utcoffset() == timedelta(0)
        times = [heard[post_id].seen_at for post_id in ids]
        for before, after in itertools.pairwise(times):
            assert (before - after).total_seconds() <= BACKWARDS_S_MAX

    def test_listening_resumes_after_what_was_stored(self, harness: Harness, ear: Ear) -> None:
        start = ear.cursor
        first = ear.post(harness.somebody_posts("un"))
        stored = ear.cursor
        others = [harness.somebody_posts("deux"), harness.somebody_posts("trois")]
        heard = ear.posts(*others)
        again = harness.connect()
        resumed = Ear(again, stored, settle_s=self.settle_s).posts(*others)
        whole = Ear(again, start, settle_s=self.settle_s).posts(first.id, *others)
        again.close()
        for post in (first, *heard.values()):
            assert whole[post.id].version == post.version
        for post in heard.values():
            assert resumed[post.id].version == post.version

    def test_an_empty_poll_ends_in_time_and_its_cursor_loses_nothing(self, harness: Harness, ear: Ear) -> None:
        began = time.monotonic()
        batch = ear.network.listen(ear.cursor, wait_s_max=0.3)
        assert time.monotonic() - began < 0.3 + EMPTY_POLL_GRACE_S
        assert batch.cursor is not None
        ear.cursor = batch.cursor
        ear.post(harness.somebody_posts("après le silence"))

    def test_a_deletion_is_heard(self, harness: Harness, ear: Ear) -> None:
        if not ear.network.capabilities.delete:
            pytest.skip("this network does not tell of deletions")
        post = ear.post(harness.somebody_posts("je regrette déjà"))
        harness.somebody_deletes(post.id)
        event = ear.hears(lambda e: isinstance(e, Deletion) and e.id == post.id, what="the deletion")
        assert event.seen_at.utcoffset() == timedelta(0)
        self.eventually(lambda: not ear.network.thread(post.id), what="the thread is gone")

    def test_an_edit_is_heard_as_another_version(self, harness: Harness, ear: Ear) -> None:
        if not ear.network.capabilities.edit:
            pytest.skip("this network has no edits")
        assert isinstance(harness, Edits), "a network with edits needs a harness that can edit"
        post = ear.post(harness.somebody_posts("une foute"))
        harness.somebody_edits(post.id, "une faute")
        event = ear.hears(
            lambda e: isinstance(e, Post) and e.id == post.id and e.version != post.version, what="the edit"
        )
        assert "une faute" in cast("Post", event).text

    def test_a_private_message_is_heard_as_private(self, harness: Harness, ear: Ear) -> None:
        if not ear.network.capabilities.private:
            pytest.skip("this network has no private messages")
        assert isinstance(harness, Whispers), "a network with private messages needs a harness that whispers"
        post = ear.post(harness.somebody_whispers("entre nous"))
        assert (post.visibility, post.addressed) == (Visibility.PRIVATE, Addressed.PRIVATE)

    def test_a_thread_comes_root_first(self, harness: Harness, ear: Ear) -> None:
        root = harness.somebody_posts("le début")
        reply = harness.somebody_posts("la suite", reply_to=root)
        ear.post(root)
        self.eventually(lambda: {root, reply} <= {post.id for post in ear.network.thread(reply)}, what="thread")
        assert ear.network.thread(reply)[0].id == root

    @pytest.mark.parametrize("kind", HOSTILE)
    def test_a_hostile_text_is_heard_storable_and_listening_goes_on(
        self, harness: Harness, ear: Ear, kind: str
    ) -> None:
        try:
            hostile = harness.somebody_posts(HOSTILE[kind])
        except BadInputError:
            pytest.skip("nobody can post this there")
        heard = ear.posts(hostile, harness.somebody_posts("et la vie continue"))[hostile]
        assert heard.text == storable(heard.text)
        assert storable(HOSTILE[kind]).strip()[:200] in heard.text

    # Freezing

    def test_freezing_writes_nothing_and_never_gives_the_same_key(self, network: Network, asked: Post) -> None:
        at = datetime(2026, 3, 29, 0, 59, 59, 123456, tzinfo=UTC)
        first = network.freeze(answer(asked, "Oui, moi."), created_at=at)
        second = network.freeze(answer(asked, "Oui, moi."), created_at=at)
        assert first.key != second.key
        assert (first.network, first.account) == (network.name, network.account.id)
        assert (first.words, first.created_at) == (answer(asked, "Oui, moi."), at)
        json.loads(first.payload)
        assert network.find(first).standing is Standing.ABSENT
        assert self.spoken(network, asked.id) == []

    def test_words_longer_than_the_network_takes_are_refused_for_good(self, network: Network, asked: Post) -> None:
        most = network.capabilities.characters_max
        fits, too_long = "a" * most, "a" * (most + 1)
        assert network.length("") == 0
        assert network.length(fits) == most
        assert network.length(too_long) == most + 1
        self.freeze(network, answer(asked, fits))
        self.refused_for_good(network, answer(asked, too_long))

    def test_what_a_network_cannot_do_it_refuses(self, harness: Harness, ear: Ear) -> None:
        asked, network = ear.post(harness.somebody_posts("Et ceci ?")), ear.network
        for can, visibility in (
            (network.capabilities.public, Visibility.PUBLIC),
            (network.capabilities.private, Visibility.PRIVATE),
        ):
            if not can:
                self.refused_for_good(network, replace(answer(asked, "psst"), visibility=visibility))

    def refused_for_good(self, network: Network, words: Words) -> None:
        """Expect a permanent error at the latest when the words are sent."""
        with pytest.raises(NetworkError) as refusal:
            network.send(permit_for(self.freeze(network, words)))
        assert refusal.value.permanent
        assert not isinstance(refusal.value, UnclearError)
        assert self.spoken(network, words.root) == []

    # Speaking

    def test_a_reply_is_absent_before_and_present_after_it_is_sent(
        self, harness: Harness, network: Network, asked: Post
    ) -> None:
        record = self.freeze(network, answer(asked, "Oui, c'est Anne. Que se passe-t-il ?"))
        assert network.find(record).standing is Standing.ABSENT
        sent = network.send(permit_for(record))
        assert sent.standing is Standing.PRESENT
        assert harness.read_back(sent.id) == record.words.text
        again = harness.connect()
        assert self.present(again, replace(record)).id == sent.id
        again.close()

    def test_what_is_answered_to_the_brand_comes_back_as_a_reply(self, harness: Harness, ear: Ear, asked: Post) -> None:
        sent = ear.network.send(permit_for(self.freeze(ear.network, answer(asked, "Racontez-moi."))))
        heard = ear.post(harness.somebody_posts("Voilà.", mention=False, reply_to=sent.id))
        assert (heard.addressed, heard.reply_to, heard.root_id) == (Addressed.REPLY, sent.id, asked.id)

    def test_a_private_message_is_answered_in_private(self, harness: Harness, ear: Ear) -> None:
        if not ear.network.capabilities.private:
            pytest.skip("this network has no private messages")
        assert isinstance(harness, Whispers), "a network with private messages needs a harness that whispers"
        asked = ear.post(harness.somebody_whispers("entre nous"))
        record = self.freeze(ear.network, answer(asked, "Cela reste entre nous."))
        sent = ear.network.send(permit_for(record))
        assert harness.read_back(sent.id) == record.words.text
        assert ear.network.thread(sent.id) == ()

    def test_nothing_leaves_without_a_permit(self, network: Network, asked: Post) -> None:
        record = self.freeze(network, answer(asked, "Personne n'a écrit cela."))

        class Lookalike:
            def __init__(self) -> None:
                self.record = record

            def spend(self, **_kwargs: str) -> Record:
                return record

        for forged in (None, record, Lookalike(), object.__new__(Permit)):
            with pytest.raises(RefusedError):
                network.send(cast("Permit", forged))
        assert network.find(record).standing is Standing.ABSENT
        assert self.spoken(network, asked.id) == []

    def test_nothing_leaves_with_a_permit_for_another_network_or_account(self, network: Network, asked: Post) -> None:
        record = self.freeze(network, answer(asked, "Ailleurs, peut-être."))
        for other in (replace(record, network="elsewhere"), replace(record, account="somebody-else")):
            with pytest.raises(RefusedError):
                network.send(permit_for(other))
        assert network.find(record).standing is Standing.ABSENT

    def test_a_permit_serves_once(self, network: Network, asked: Post) -> None:
        permit = permit_for(self.freeze(network, answer(asked, "Une fois.")))
        network.send(permit)
        with pytest.raises(RefusedError):
            network.send(permit)
        self.eventually(lambda: self.spoken(network, asked.id) == ["Une fois."], what="one reply stands")

    def test_one_record_sent_twice_never_stands_twice(self, network: Network, asked: Post) -> None:
        record = self.freeze(network, answer(asked, "Jamais deux fois."))
        first = network.send(permit_for(record))
        try:
            second = network.send(permit_for(record))
        except NetworkError:
            pass
        else:
            assert second.id == first.id
        assert self.present(network, record).id == first.id
        self.eventually(lambda: self.spoken(network, asked.id) == ["Jamais deux fois."], what="one reply stands")

    def test_other_words_under_a_used_key_change_nothing(self, harness: Harness, network: Network, asked: Post) -> None:
        first = self.freeze(network, answer(asked, "Les premiers mots."))
        other = replace(self.freeze(network, answer(asked, "D'autres mots.")), key=first.key)
        sent = network.send(permit_for(first))
        try:
            told = network.send(permit_for(other))
        except NetworkError:
            pass
        else:
            assert told.standing is not Standing.PRESENT or harness.read_back(told.id) == other.words.text
        assert network.find(other).standing is not Standing.PRESENT
        assert harness.read_back(sent.id) == "Les premiers mots."

    @pytest.mark.parametrize("kind", HOSTILE)
    def test_a_hostile_reply_stands_word_for_word_or_is_refused_for_good(
        self, harness: Harness, network: Network, asked: Post, kind: str
    ) -> None:
        told = self.tried(network, answer(asked, HOSTILE[kind]))
        if isinstance(told, NetworkError):
            assert told.permanent
            assert self.spoken(network, asked.id) == []
        else:
            assert harness.read_back(told.id) == HOSTILE[kind]

    def tried(self, network: Network, words: Words) -> Sighting | NetworkError:
        """Freeze and send words; return what came of it."""
        try:
            return network.send(permit_for(self.freeze(network, words)))
        except NetworkError as refusal:
            return refusal

    # Trouble

    def test_a_lost_answer_is_said_to_be_unclear_and_a_look_finds_the_reply(
        self, harness: Harness, network: Network, asked: Post
    ) -> None:
        record = self.freeze(network, answer(asked, "Vous me recevez ?"))
        self.broken(harness, Fault.LOST_ANSWER)
        with pytest.raises(UnclearError):
            network.send(permit_for(record))
        assert harness.read_back(self.present(network, record).id) == record.words.text

    def test_too_many_requests_are_answered_with_how_long_to_wait(
        self, harness: Harness, network: Network, asked: Post
    ) -> None:
        record = self.freeze(network, answer(asked, "Doucement."))
        self.broken(harness, Fault.TOO_MANY)
        with pytest.raises(NetworkError) as refusal:
            network.send(permit_for(record))
        assert not refusal.value.permanent
        assert refusal.value.retry_after_s is not None
        assert refusal.value.retry_after_s >= 0
        assert network.find(record).standing is Standing.ABSENT
        assert network.send(permit_for(record)).standing is Standing.PRESENT

    def test_after_a_failure_of_the_server_a_second_try_gives_one_reply(
        self, harness: Harness, network: Network, asked: Post
    ) -> None:
        record = self.freeze(network, answer(asked, "On recommence."))
        self.broken(harness, Fault.BROKEN)
        with pytest.raises(NetworkError) as failure:
            network.send(permit_for(record))
        assert not failure.value.permanent
        if network.find(record).standing is Standing.ABSENT:
            network.send(permit_for(record))
        self.present(network, record)
        self.eventually(lambda: self.spoken(network, asked.id) == ["On recommence."], what="one reply stands")

    def broken(self, harness: Harness, fault: Fault) -> None:
        """Break the next send, or skip the test where the harness cannot."""
        if not isinstance(harness, Breaks):
            pytest.skip("this harness breaks nothing")
        harness.break_next(fault)

    def test_it_can_be_closed_twice(self, harness: Harness) -> None:
        network = harness.connect()
        network.close()
        network.close()
