"""Servers that answer oddly, slowly or not at all: what can be used is used, and nothing stumbles."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.errors import NetworkError
from vivavoce.networks.bluesky import mapping, people
from vivavoce.networks.bluesky.client import AnswerError, Server
from vivavoce.networks.bluesky.notifications import Notifications
from vivavoce.networks.bluesky.people import People
from vivavoce.networks.bluesky.threads import POSTS_MAX, Threads
from vivavoce.posts import Author, storable

AT = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
DID = "did:plc:person"
URI = f"at://{DID}/app.bsky.feed.post/"
CID = "bafyreiaiiddxhpaoyqihrfm2l75hf7wvrhbqacevkqneiybefm5mqot2b4"
TIME = "2026-11-22T20:59:00Z"

NAMES = [
    "notifications", "cursor", "uri", "cid", "author", "reason", "record", "isRead", "indexedAt", "did", "handle",
    "thread", "post", "parent", "replies", "profiles", "labels", "text", "displayName",
]  # fmt: skip
answers = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.sampled_from([DID, f"{URI}1", CID, TIME, "mention", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"]),
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=6) | st.lists(inner, max_size=4),
    max_leaves=40,
)


class Puppet(Server):
    """A server that answers as it is told; without a line to anywhere."""

    def __init__(self, *answers: Any) -> None:
        self.did = "did:plc:brand"
        self.calls: list[tuple[str, dict[str, object]]] = []
        self._answers = list(answers)

    def query(self, nsid: str, *, wait_s_max: float | None = None, **params: object) -> dict[str, Any]:
        self.calls.append((nsid, {"wait_s_max": wait_s_max, **params}))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, dict) else {}


def threads(*answers: Any) -> Threads:
    server = Puppet(*answers)
    return Threads(server, people=People(server), blobs=mapping.Blobs(None), clock=lambda: AT)


@given(answers, answers)
def test_any_page_of_notifications_is_taken_for_what_it_holds(first: Any, second: Any) -> None:
    page = {"notifications": first if isinstance(first, list) else [first], "cursor": "more"}
    for since_us in (None, 1):
        for notified in Notifications(Puppet(page, {"notifications": second})).poll(since_us).notified:
            assert notified.author.id == notified.came.address.did
            assert notified.came.seen_at.tzinfo is UTC


@given(answers)
def test_any_thread_is_taken_for_what_it_holds(answer: Any) -> None:
    for post in threads({"thread": answer}).thread(f"{URI}1"):
        assert post.text == storable(post.text)


@given(answers)
def test_any_profiles_are_taken_for_what_they_hold(answer: Any) -> None:
    asked = [DID, "did:plc:other"]
    found = People(Puppet({"profiles": answer})).authors(asked)
    assert sorted(found) == sorted(asked)


def view(number: int, **more: Any) -> dict[str, Any]:
    record = {"text": f"{number}", "createdAt": TIME}
    author = {"did": DID, "handle": "person.example"}
    post = {"uri": f"{URI}{number}", "cid": CID, "author": author, "record": record, "indexedAt": TIME}
    return {"post": post, **more}


def test_a_thread_is_bounded_in_length_and_depth() -> None:
    wide = threads({"thread": view(0, replies=[view(number) for number in range(1, 1000)])}).thread(f"{URI}0")
    assert len(wide) == POSTS_MAX
    deep = view(0)
    for number in range(1, 300):
        deep = view(number, parent=deep)
    assert len(threads({"thread": deep}).thread(f"{URI}299")) <= POSTS_MAX


def test_a_refused_thread_is_not_taken_for_a_deleted_one() -> None:
    refused = AnswerError("not allowed", status=401, name="AuthMissing", permanent=True)
    with pytest.raises(NetworkError):
        threads(refused).thread(f"{URI}1")
    gone = AnswerError("Could not locate record: at://x", status=400, name="InvalidRequest", permanent=True)
    assert threads(gone).thread(f"{URI}1") == ()
    assert threads({}).thread("https://elsewhere.example") == ()


def test_people_are_asked_for_in_groups_and_kept_for_a_while() -> None:
    now = [0.0]
    server = Puppet({"profiles": [{"did": DID, "handle": "person.example"}]})
    known = People(server, monotonic=lambda: now[0])
    others = [f"did:plc:x{number}" for number in range(60)]
    assert known.authors([DID, *others])[DID].handle == "person.example"
    assert [len(params["actors"]) for _, params in server.calls] == [25, 25, 11]  # type: ignore[arg-type]
    assert known.authors(others[:1]) == {others[0]: Author(others[0], others[0])}
    assert len(server.calls) == 3
    now[0] = people.UNKNOWN_KEPT_S + 1
    known.authors([DID, others[0]])
    assert server.calls[-1][1]["actors"] == [others[0]]
    now[0] = people.KEPT_S + 1
    known.authors([DID])
    assert server.calls[-1][1]["actors"] == [DID]


def test_a_slow_network_of_names_does_not_hold_posts_up() -> None:
    now = [0.0]

    class Slow(Puppet):
        def query(self, nsid: str, *, wait_s_max: float | None = None, **params: object) -> dict[str, Any]:
            now[0] += wait_s_max or 0.0
            return super().query(nsid, wait_s_max=wait_s_max, **params)

    server = Slow(NetworkError("timed out"))
    dids = [f"did:plc:x{number}" for number in range(100)]
    found = People(server, monotonic=lambda: now[0]).authors(dids)
    assert {author.handle for author in found.values()} == set(dids)
    assert now[0] <= people.LOOKUP_S_MAX
    assert len(server.calls) == 1


def test_only_so_many_people_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PEOPLE_MAX", 3)
    known = People(Puppet({"profiles": []}))
    for number in range(10):
        known.note(Author(f"did:plc:x{number}", "x"))
    assert list(known._known) == ["did:plc:x7", "did:plc:x8", "did:plc:x9"]
