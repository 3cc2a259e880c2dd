from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vivavoce.desk.inbox import services
from vivavoce.desk.inbox.models import Account, Handle, Person, Post, Reading
from vivavoce.desk.team.models import Teammate
from vivavoce.desk.transparency.models import LedgerEntry
from vivavoce.desk.transparency.queries import ENTRIES_SHOWN, ledger_page
from vivavoce.desk.transparency.services import can_undo, undo
from vivavoce.desk.transparency.words import entry_words
from vivavoce.errors import BadInputError

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def zoe() -> Teammate:
    return Teammate.objects.create(username="zoe")


@pytest.fixture
def post() -> Post:
    account = Account.objects.create(network="demo")
    person = Person.objects.create(created_at=NOON)
    author = Handle.objects.create(person=person, network="demo", remote_id="ada")
    times = dict.fromkeys(("created_at", "seen_at", "stored_at"), NOON)
    made = Post.objects.create(account=account, network="demo", remote_id="1", author=author, root="1", **times)
    decided = {"sentiment": "negative", "emotion": "anger", "cause": "delay", "wants": "repair", "urgency": "today"}
    record = {"urgency": {}, "evidence": [], "decided": decided}
    Reading.objects.create(post=made, record=record, reader="r", needs_person="true", danger="false", **decided)
    return made


def entry(**fields: object) -> LedgerEntry:
    return LedgerEntry.objects.create(**{"at": NOON, "part": "queue", "act": "due", **fields})


def test_the_pages_together_are_the_whole_ledger_newest_first() -> None:
    entries = [entry().pk for _number in range(ENTRIES_SHOWN + 5)]
    first, following = ledger_page()
    second, nothing = ledger_page(before=following)
    assert [line.entry.pk for line in [*first, *second]] == entries[::-1]
    assert nothing is None


def test_a_correction_is_undone_by_correcting_back_once(zoe: Teammate, post: Post) -> None:
    services.correct(post=post, label="cause", value="billing", teammate=zoe, now=NOON)
    done = LedgerEntry.objects.get(act="corrected")
    assert can_undo(done)
    for _twice in range(2):
        undo(entry=done, teammate=zoe, now=NOON)
    done.refresh_from_db()
    assert (Reading.objects.get().cause, done.undone_by, can_undo(done)) == ("delay", zoe, False)
    assert LedgerEntry.objects.filter(act="corrected").count() == 2


def test_what_the_reader_was_unsure_of_cannot_be_undone_to_unsure(zoe: Teammate, post: Post) -> None:
    Reading.objects.update(cause="unsure")
    services.correct(post=post, label="cause", value="billing", teammate=zoe, now=NOON)
    done = LedgerEntry.objects.get(act="corrected")
    assert not can_undo(done)
    with pytest.raises(BadInputError):
        undo(entry=done, teammate=zoe, now=NOON)


def test_an_assignment_goes_back_to_whose_it_was(zoe: Teammate, post: Post) -> None:
    sam = Teammate.objects.create(username="sam")
    person = post.author.person
    services.assign(person=person, to=sam, teammate=sam, now=NOON)
    services.assign(person=person, to=zoe, teammate=zoe, now=NOON)
    undo(entry=LedgerEntry.objects.filter(act="assigned").latest("pk"), teammate=zoe, now=NOON)
    person.refresh_from_db()
    assert person.assignee == sam


def test_what_a_machine_did_is_told_and_not_undone_by_a_click(zoe: Teammate) -> None:
    with pytest.raises(BadInputError):
        undo(entry=entry(), teammate=zoe, now=NOON)


def test_each_act_is_a_line_of_words() -> None:
    due = {"lane": 1, "due_at": "2026-11-23T12:00:00+00:00", "post": 1}
    assert entry_words(entry(reason="hour", after=due)) == "Due 23 November, 12:00: needs an answer within the hour"
    assert entry_words(entry(reason="set_aside", before=due)) == "Waits no more: no answer needed"
    corrected = entry(act="corrected", before={"cause": "delay"}, after={"cause": "billing"})
    assert entry_words(corrected) == "Label corrected. About: delay → bill"
    gap = entry(
        act="gap", reason="gap", after={"start": "2026-11-23T10:00:00+00:00", "end": "2026-11-23T11:00:00+00:00"}
    )
    assert entry_words(gap).startswith("Posts may be missing. 23 November, 10:00 \N{EN DASH} 23 November, 11:00")
    assert entry_words(entry(act="an act of tomorrow", reason="why not")) == "an act of tomorrow. why not"
