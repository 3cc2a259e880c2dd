import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from vivavoce.desk.inbox import intake
from vivavoce.desk.inbox.handles import erased_remote_id
from vivavoce.desk.inbox.models import Account, Conversation, Handle, Lane, Person, Post, Reading
from vivavoce.desk.inbox.services import correct
from vivavoce.desk.live.models import Signal
from vivavoce.desk.team.models import Teammate
from vivavoce.desk.transparency.models import LedgerEntry
from vivavoce.networks.base import Batch, Gap
from vivavoce.posts import Addressed, Author, Deletion, Media
from vivavoce.posts import Post as Wording

from .conftest import NOON, World, record

pytestmark = pytest.mark.django_db


def ledger(act: str) -> list[LedgerEntry]:
    return list(LedgerEntry.objects.filter(act=act).order_by("pk"))


def test_a_mention_becomes_a_person_who_waits(world: World) -> None:
    post = world.post()
    assert world.take_in(post).new == 1
    row, person = world.row(post), world.person()
    assert (row.text, row.waits, row.lane, row.due_reason) == (post.text, True, Lane.ORDINARY, "today")
    assert row.due_at == NOON + timedelta(minutes=240)
    assert (person.waiting, person.lane, person.due_at, person.due_post) == (True, row.lane, row.due_at, row)
    assert row.reading.cause == "delay"
    conversation = world.conversation(post)
    assert (conversation.root, conversation.first_felt, conversation.last_felt) == (post.id, "negative", "negative")


def test_the_cursor_moves_with_the_posts(world: World) -> None:
    world.take_in(world.post(), cursor="after one")
    world.account.refresh_from_db()
    assert (world.account.cursor, world.account.heard_at) == ("after one", NOON)


def test_nothing_of_a_transaction_that_breaks_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_topics: str) -> None:
        raise DatabaseError

    monkeypatch.setattr(intake, "touch", broken)
    with pytest.raises(DatabaseError):
        world.take_in(world.post(), cursor="too far")
    world.account.refresh_from_db()
    assert (world.account.cursor, Post.objects.count(), Person.objects.count()) == ("", 0, 0)


def test_the_same_batch_again_changes_nothing(world: World) -> None:
    posts = [world.post(), world.post(author="bob"), world.post()]
    world.take_in(*posts)
    entries = LedgerEntry.objects.count()
    again = world.take_in(*posts)
    assert (again.new, again.known) == (0, 3)
    assert (Post.objects.count(), Person.objects.count(), Reading.objects.count()) == (3, 2, 3)
    assert LedgerEntry.objects.count() == entries


def test_what_is_known_is_not_read_again(world: World) -> None:
    post = world.post()
    world.take_in(post)
    world.take_in(post)
    assert world.texts_read == [post.text]


def test_one_post_twice_in_a_batch_is_one(world: World) -> None:
    post = world.post()
    taken = world.take_in(post, post)
    assert (taken.new, taken.known, Post.objects.count()) == (1, 1, 1)


def test_the_most_pressing_post_sets_a_persons_place(world: World) -> None:
    world.reads["Help!"] = record(urgency="hour")
    slow, fast = world.post(), world.post("Help!")
    world.take_in(slow)
    world.take_in(fast)
    person = world.person()
    assert (person.due_post, person.due_at) == (world.row(fast), NOON + timedelta(minutes=60))
    moves = [(entry.before, entry.after, entry.reason) for entry in ledger("due")]
    assert [reason for _before, _after, reason in moves] == ["today", "hour"]
    assert moves[0][0] is None
    assert moves[1][0] == moves[0][1]


def test_danger_alerts_and_goes_by_the_clock_at_night(world: World) -> None:
    world.now = NOON.replace(hour=23)
    world.reads["No heating"] = record(danger=True)
    world.take_in(world.post("No heating"))
    person = world.person()
    assert (person.lane, person.due_at) == (Lane.DANGER, world.now + timedelta(minutes=10))
    assert Signal.objects.filter(topic="alerts").exists()


def test_no_alert_without_danger(world: World) -> None:
    world.take_in(world.post())
    assert set(Signal.objects.values_list("topic", flat=True)) == {
        "queue",
        f"conversation:{Conversation.objects.get().pk}",
    }


def test_an_overheard_post_is_read_and_does_not_wait(world: World) -> None:
    post = world.post(addressed=Addressed.OVERHEARD)
    world.take_in(post)
    row = world.row(post)
    assert (row.waits, row.conversation, row.due_at, row.reading.cause) == (False, None, None, "delay")
    assert not world.person().waiting


def test_an_overheard_post_that_turns_out_to_be_addressed_waits(world: World) -> None:
    post = world.post(addressed=Addressed.OVERHEARD)
    world.take_in(post)
    world.take_in(world.post(id=post.id))
    assert world.row(post).waits
    assert world.person().due_post == world.row(post)
    assert world.texts_read == [post.text]
    assert len(ledger("addressed")) == 1


def test_what_the_brand_answered_while_it_was_only_overheard_does_not_wait_later(world: World) -> None:
    post = world.post(addressed=Addressed.OVERHEARD)
    answer = world.answer(post)
    world.take_in(post, answer)
    assert world.row(answer).conversation is None
    world.take_in(world.post(id=post.id))
    assert (world.row(post).waits, world.row(post).answered_at) == (False, answer.seen_at)
    assert world.row(answer).conversation == world.conversation(post)
    assert not world.person().waiting


def test_a_later_look_by_watched_words_does_not_make_a_mention_overheard(world: World) -> None:
    post = world.post()
    world.take_in(post)
    world.take_in(world.post(id=post.id, addressed=Addressed.OVERHEARD))
    assert world.row(post).waits


def test_an_edit_is_read_anew_and_keeps_its_place_in_time(world: World) -> None:
    world.reads["Help!"] = record(urgency="hour")
    post = world.post()
    world.take_in(post)
    edit = world.post("Help!", id=post.id, version="2", seen_at=NOON + timedelta(minutes=5))
    world.now += timedelta(minutes=5)
    assert world.take_in(edit).edited == 1
    row = world.row(post)
    assert (row.text, row.version, row.edited_at) == ("Help!", "2", edit.seen_at)
    assert row.due_at == NOON + timedelta(minutes=60)
    assert row.reading.urgency == "hour"
    assert world.person().due_at == row.due_at
    assert [entry.after for entry in ledger("edited")] == [{"version": "2"}]


def test_the_old_wording_does_not_come_back_when_the_network_rewinds(world: World) -> None:
    post = world.post()
    edit = world.post("Thanks!", id=post.id, version="2", seen_at=NOON + timedelta(minutes=5))
    world.take_in(post)
    world.take_in(edit)
    world.take_in(post)
    assert world.row(post).text == "Thanks!"
    world.take_in(post, edit)
    assert world.row(post).text == "Thanks!"


def test_a_post_and_its_edit_in_one_batch_arrive_with_the_first_wording(world: World) -> None:
    post = world.post()
    edit = world.post("Thanks!", id=post.id, version="2", seen_at=NOON + timedelta(minutes=5))
    world.take_in(post, edit)
    row = world.row(post)
    assert (row.text, row.seen_at, row.edited_at) == ("Thanks!", post.seen_at, edit.seen_at)


def test_what_a_teammate_corrected_outlives_an_edit(world: World, teammate: Teammate) -> None:
    post = world.post()
    world.take_in(post)
    correct(post=world.row(post), label="danger", value="true", teammate=teammate, now=NOON)
    world.take_in(world.post("Now with a comma, really", id=post.id, version="2"))
    row = world.row(post)
    assert (row.reading.danger, row.lane) == ("true", Lane.DANGER)
    assert row.reading.record["decided"]["danger"] is False


def test_an_answered_post_that_is_edited_into_danger_waits_again(world: World) -> None:
    world.reads["There is smoke now"] = record(danger=True)
    calm, alarming = world.post(), world.post()
    world.take_in(calm, alarming, world.answer(calm), world.answer(alarming))
    assert not world.person().waiting
    world.take_in(
        world.post("Thanks a lot", id=calm.id, version="2"),
        world.post("There is smoke now", id=alarming.id, version="2"),
    )
    assert (world.row(calm).waits, world.row(alarming).waits) == (False, True)
    assert world.person().lane == Lane.DANGER


def test_a_deletion_empties_the_words_and_keeps_the_place(world: World) -> None:
    post = world.post(links=("https://example.org",), media=(Media("https://example.org/a.png", alt="me"),))
    world.take_in(post)
    assert world.take_in(Deletion(post.id, "demo", NOON)).deleted == 1
    row = world.row(post)
    assert (row.text, row.links, row.media, row.deleted_at, row.waits) == ("", [], [], NOON, False)
    assert not world.person().waiting
    assert ledger("due")[-1].reason == "deleted"
    assert len(ledger("deleted")) == 1


def test_a_post_and_its_deletion_in_one_batch_leave_an_empty_place(world: World) -> None:
    post = world.post()
    world.take_in(post, Deletion(post.id, "demo", NOON + timedelta(seconds=1)))
    row = world.row(post)
    assert (row.text, row.waits, row.deleted_at) == ("", False, NOON + timedelta(seconds=1))


def test_a_deleted_post_does_not_come_back_when_the_network_rewinds(world: World) -> None:
    post, gone = world.post(), NOON + timedelta(minutes=1)
    world.take_in(post)
    world.take_in(Deletion(post.id, "demo", gone))
    world.take_in(post)
    assert world.row(post).text == ""


def test_a_deleted_post_that_its_author_puts_back_waits_again(world: World) -> None:
    post = world.post()
    world.take_in(post)
    world.take_in(Deletion(post.id, "demo", NOON + timedelta(minutes=1)))
    world.take_in(world.post(id=post.id, seen_at=NOON + timedelta(minutes=2)))
    row = world.row(post)
    assert (row.text, row.deleted_at, row.waits) == (post.text, None, True)
    world.take_in(Deletion(post.id, "demo", NOON + timedelta(minutes=1)))
    assert world.row(post).text == post.text


def test_a_deletion_of_something_unknown_is_nothing(world: World) -> None:
    assert world.take_in(Deletion("who knows", "demo", NOON)) == intake.Taken()
    assert Post.objects.count() == 0


def test_the_brands_answer_written_elsewhere_counts(world: World) -> None:
    post = world.post()
    world.take_in(post)
    answer = world.answer(post)
    world.take_in(answer)
    assert (world.row(post).waits, world.row(post).answered_at) == (False, answer.seen_at)
    assert world.row(answer).conversation == world.row(post).conversation
    assert not world.person().waiting
    assert world.conversation(post).answered_at == answer.seen_at
    assert not Reading.objects.filter(post=world.row(answer)).exists()
    assert ledger("due")[-1].reason == "answered"


def test_what_the_person_writes_after_the_answer_waits(world: World) -> None:
    post = world.post()
    answer = world.answer(post)
    thanks = world.post("Merci", reply_to=answer.id, root=post.id, seen_at=answer.seen_at + timedelta(minutes=1))
    world.reads["Merci"] = record(sentiment="positive", cause="thanks", urgency="none")
    world.take_in(post, answer, thanks)
    assert (world.row(post).waits, world.row(thanks).waits) == (False, True)
    conversation = world.conversation(thanks)
    assert conversation == world.conversation(post)
    assert (conversation.first_felt, conversation.last_felt) == ("negative", "positive")


def test_in_whatever_order_a_thread_arrives_it_ends_the_same(world: World) -> None:
    first = world.post(seen_at=NOON)
    answer = world.answer(first, seen_at=NOON + timedelta(minutes=1))
    late = world.post("Still nothing", root=first.id, reply_to=answer.id, seen_at=NOON + timedelta(minutes=2))
    ends = set()
    for turn, order in enumerate(itertools.permutations([first, answer, late])):
        renamed = {wording.id: f"{wording.id} in turn {turn}" for wording in order}
        for wording in order:
            world.take_in(
                world.post(
                    wording.text,
                    id=renamed[wording.id],
                    author=f"{wording.author.id}{'' if wording.ours else turn}",
                    ours=wording.ours,
                    seen_at=wording.seen_at,
                    addressed=wording.addressed,
                    reply_to=renamed.get(wording.reply_to or ""),
                    root=renamed[first.id],
                )
            )
        rows = {row.remote_id: row for row in Post.objects.filter(remote_id__in=renamed.values())}
        waits = tuple(rows[renamed[wording.id]].waits for wording in (first, answer, late))
        conversations = {rows[renamed[wording.id]].conversation_id for wording in (first, answer, late)}
        conversation = Conversation.objects.get(pk=conversations.pop() or 0)
        ends.add((waits, len(conversations), conversation.opened_at, conversation.last_at, conversation.answered_at))
    assert ends == {((False, False, True), 0, first.seen_at, late.seen_at, answer.seen_at)}


def test_an_answer_to_an_unknown_parent_joins_the_only_conversation_of_its_thread(world: World) -> None:
    post = world.post()
    world.take_in(post)
    answer = world.answer(post, reply_to="never seen")
    world.take_in(answer)
    assert world.row(answer).conversation == world.row(post).conversation


def test_an_answer_that_could_be_to_anyone_is_given_to_nobody(world: World) -> None:
    first = world.post(author="ada")
    second = world.post(author="bob", root=first.id, reply_to=first.id)
    world.take_in(first, second)
    answer = world.answer(first, reply_to="never seen")
    world.take_in(answer)
    assert world.row(answer).conversation is None
    assert world.person("ada").waiting
    assert world.person("bob").waiting


def test_an_answer_to_one_person_leaves_the_other_waiting(world: World) -> None:
    first = world.post(author="ada")
    second = world.post(author="bob", root=first.id, reply_to=first.id)
    world.take_in(first, second, world.answer(second))
    assert (world.person("ada").waiting, world.person("bob").waiting) == (True, False)


def test_a_reply_whose_parent_is_unknown_waits_all_the_same(world: World) -> None:
    reply = world.post(reply_to="unknown", root="unknown root", addressed=Addressed.REPLY)
    world.take_in(reply)
    assert world.conversation(reply).root == "unknown root"
    assert world.person().waiting


def test_a_person_who_was_erased_is_not_stored_again(world: World) -> None:
    post = world.post()
    world.take_in(post)
    Handle.objects.update(remote_id=erased_remote_id("demo", "ada"), handle="", name="")
    taken = world.take_in(world.post("I am back"), world.post("Me too", author="bob"))
    assert (taken.new, taken.erased) == (1, 1)
    assert Person.objects.count() == 2
    assert not Post.objects.filter(text="I am back").exists()


def test_a_hash_of_another_network_recognises_nobody() -> None:
    assert erased_remote_id("demo", "ada") != erased_remote_id("bluesky", "ada")


def test_what_a_handle_shows_follows_its_author(world: World) -> None:
    world.take_in(world.post())
    renamed = Author("ada", handle="@ada.new", name="Ada L.", avatar_url="https://example.org/a.png")
    world.take_in(replace(world.post(), author=renamed))
    handle = Handle.objects.get(remote_id="ada")
    assert (handle.handle, handle.name, handle.avatar_url) == ("@ada.new", "Ada L.", "https://example.org/a.png")
    assert Person.objects.count() == 1


def test_a_gap_is_in_the_ledger_with_its_times(world: World) -> None:
    world.take_in(gaps=(Gap(NOON - timedelta(days=2), NOON, "the server forgets after a day"),))
    (entry,) = ledger("gap")
    assert entry.after is not None
    assert entry.after["start"] == (NOON - timedelta(days=2)).isoformat()


def test_hearing_again_clears_what_was_wrong(world: World) -> None:
    Account.objects.update(problem="refused", retry_at=NOON)
    world.take_in()
    world.account.refresh_from_db()
    assert (world.account.problem, world.account.retry_at) == ("", None)


def test_a_post_from_the_future_is_due_from_now(world: World) -> None:
    post = world.post(seen_at=NOON.replace(year=9999))
    world.take_in(post)
    assert world.row(post).due_at == NOON + timedelta(minutes=240)


def test_names_that_cannot_be_kept_are_rejected_and_the_rest_is_stored(world: World) -> None:
    taken = world.take_in(
        world.post(id="x" * 513),
        world.post(id="nul\x00"),
        world.post(id=""),
        world.post(author="y" * 256),
        world.post(),
    )
    assert (taken.rejected, taken.new) == (4, 1)


def test_addresses_that_are_no_web_pages_are_left_out(world: World) -> None:
    post = world.post(
        url="javascript:alert(1)",
        links=("javascript:alert(1)", "data:text/html,hi", "https://example.org/ok", "//example.org", "http://[broken"),
    )
    world.take_in(post)
    row = world.row(post)
    assert (row.url, row.links) == ("", ["https://example.org/ok"])


def test_more_posts_than_one_transaction_holds_are_all_stored(world: World) -> None:
    count = 2 * intake.BATCH_POSTS + 1
    taken = world.take_in(*(world.post(author=f"a{number % 7}") for number in range(count)))
    assert (taken.new, Post.objects.count(), Person.objects.count()) == (count, count, 7)
    assert all(Person.objects.values_list("waiting", flat=True))


def test_the_queues_index_is_used(world: World) -> None:
    world.take_in(world.post())
    queue = Person.objects.filter(waiting=True).order_by("lane", "due_at", "id")[:50]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
    plan = queue.explain()
    assert "queue" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


class HostileInput(TestCase):
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.text(st.characters(), max_size=300),
        st.text(st.characters(), max_size=40),
        st.lists(st.text(st.characters(), max_size=20), max_size=3),
    )
    def test_anything_that_anybody_writes_can_be_stored_and_found(
        self, text: str, name: str, others: list[str]
    ) -> None:
        world = World(Account.objects.create(network="demo", remote_id="brand"))
        post = world.post(
            text, languages=tuple(others), links=tuple(others), media=tuple(Media(a, a, a) for a in others)
        )
        hostile = replace(post, author=Author("ada", handle=name, name=name, avatar_url=name))
        assert world.take_in(hostile).new == 1
        row = world.row(hostile)
        assert len(row.text) == len(text)
        assert row.waits

    def test_three_hundred_kilobytes_are_cut_and_stored(self) -> None:
        world = World(Account.objects.create(network="demo", remote_id="brand"))
        post = world.post("\u202e\u200d<script>" * 30_000)
        world.take_in(post)
        assert len(world.row(post).text) == 20_000


events = st.lists(st.tuples(st.sampled_from("pPdao"), st.integers(0, 2), st.integers(0, 20)), max_size=12)


class Rewinds(TestCase):
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(events, st.lists(st.integers(0, 12), max_size=3))
    def test_a_rewound_network_ends_where_it_was(self, story: list[tuple[str, int, int]], cuts: list[int]) -> None:
        world = World(Account.objects.create(network="demo", remote_id="brand"))
        told = [self.event(world, kind, who, number) for number, (kind, who, _x) in enumerate(story)]
        edges = sorted({0, len(told), *(min(cut, len(told)) for cut in cuts)})
        for start, end in itertools.pairwise(edges):
            world.take_in(*told[start:end])
        once = self.state()
        world.take_in(*told)
        assert self.state() == once
        assert all(
            person.waiting == person.handles.filter(posts__waits=True).exists() for person in Person.objects.all()
        )

    def event(self, world: World, kind: str, who: int, number: int) -> Wording | Deletion:
        at = NOON + timedelta(minutes=number)
        if kind == "d":
            return Deletion(f"post of {who}", "demo", at)
        if kind == "a":
            return world.post(
                author="brand",
                id=f"answer {number}",
                ours=True,
                reply_to=f"post of {who}",
                root=f"post of {who}",
                seen_at=at,
            )
        addressed = Addressed.OVERHEARD if kind == "o" else Addressed.MENTION
        version = f"{number}" if kind == "P" else "1"
        return world.post(
            f"wording {version}",
            author=f"a{who}",
            id=f"post of {who}",
            version=version,
            seen_at=at,
            addressed=addressed,
        )

    def state(self) -> list[tuple[object, ...]]:
        return list(
            Post.objects.order_by("remote_id").values_list("remote_id", "text", "deleted_at", "waits", "conversation")
        )


def test_an_empty_batch_only_moves_the_cursor(world: World) -> None:
    intake.take_in(world.account, Batch((), "further"), now=NOON, reader=world.reader)
    assert Account.objects.get().cursor == "further"
