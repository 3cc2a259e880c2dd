"""The thread around a post: from the AppView, or walked record by record where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vivavoce.networks.bluesky import mapping
from vivavoce.networks.bluesky.client import AnswerError
from vivavoce.networks.bluesky.records import POSTS, Address

if TYPE_CHECKING:
    from vivavoce.networks.base import Clock
    from vivavoce.networks.bluesky.client import Server
    from vivavoce.networks.bluesky.people import People
    from vivavoce.posts import Author, Post

POSTS_MAX = 200
"""What a teammate can take in as context; the nearest to the post are kept."""

PARENTS_MAX = 80
"""The AppView's own default."""

REPLIES_DEEP = 10
"""Deeper replies are another conversation."""

OWN_RECORDS_MAX = 100
"""One page of the brand's latest posts, to find its replies without an AppView."""


class Threads:
    """Reads threads.

    Args:
        server: where to ask.
        people: who wrote, for records that do not say.
        blobs: where pictures are.
        clock: tells when a record was seen whose arrival the server does not know.
    """

    def __init__(self, server: Server, *, people: People, blobs: mapping.Blobs, clock: Clock) -> None:
        self._server = server
        self._people = people
        self._blobs = blobs
        self._clock = clock

    def thread(self, post_id: str) -> tuple[Post, ...]:
        """Return the thread around a post, root first, at most ``POSTS_MAX``; empty when the post is gone.

        Raises:
            NetworkError: the server is away.
        """
        address = Address.parse(post_id)
        if address is None or address.collection != POSTS:
            return ()
        try:
            answer = self._server.query(
                "app.bsky.feed.getPostThread", uri=post_id, depth=REPLIES_DEEP, parentHeight=PARENTS_MAX
            )
        except AnswerError as error:
            if error.gone:
                return ()
            if not error.no_appview:
                raise
            return self._walked(address)
        return tuple(self._flattened(mapping.mapping_at(answer, "thread")))

    def _flattened(self, view: dict[str, Any]) -> list[Post]:
        posts = self._viewed(view)
        if not posts:
            return []
        above = mapping.mapping_at(view, "parent")
        for _ in range(PARENTS_MAX):
            found = self._viewed(above)
            if not found:
                break
            posts = found + posts
            above = mapping.mapping_at(above, "parent")
        waiting = _replies(view)
        while waiting and len(posts) < POSTS_MAX:
            reply = waiting.pop(0)
            posts += self._viewed(reply)
            waiting = _replies(reply) + waiting
        return posts

    def _viewed(self, view: dict[str, Any]) -> list[Post]:
        shown = mapping.mapping_at(view, "post")
        seen_at = mapping.network_time(shown.get("indexedAt"))
        came = mapping.arrived(shown.get("uri"), shown.get("cid"), shown.get("record"), seen_at)
        author = mapping.author(shown.get("author"))
        if came is None or author is None:
            return []
        return [self._post(came, author)]

    def _walked(self, address: Address) -> tuple[Post, ...]:
        start = self._fetched(address)
        if start is None:
            return ()
        chain = [start]
        while len(chain) < PARENTS_MAX and (parent := _end(chain[0], "parent")):
            found = self._fetched(parent)
            if found is None:
                break
            chain.insert(0, found)
        root = _end(start, "root")
        if root and root.uri != chain[0].address.uri and (found := self._fetched(root)):
            chain.insert(0, found)
        known = {came.address.uri for came in chain}
        chain += [came for came in self._own(chain[0].address.uri) if came.address.uri not in known]
        authors = self._people.authors(came.address.did for came in chain)
        return tuple(self._post(came, authors[came.address.did]) for came in chain[:POSTS_MAX])

    def _fetched(self, address: Address) -> mapping.Arrived | None:
        try:
            answer = fetch_record(self._server, address)
        except AnswerError as error:
            if error.gone:
                return None
            raise
        return mapping.arrived(answer.get("uri"), answer.get("cid"), answer.get("value"), self._clock())

    def _own(self, root: str) -> list[mapping.Arrived]:
        """Return the brand's own posts of a thread, oldest first."""
        if not self._server.did:
            return []
        page = self._server.query(
            "com.atproto.repo.listRecords", repo=self._server.did, collection=POSTS, limit=OWN_RECORDS_MAX
        )
        found = []
        for entry in reversed(mapping.list_at(page, "records")):
            record = entry if isinstance(entry, dict) else {}
            came = mapping.arrived(record.get("uri"), record.get("cid"), record.get("value"), self._clock())
            end = _end(came, "root") if came is not None else None
            if came is not None and end is not None and end.uri == root:
                found.append(came)
        return found

    def _post(self, came: mapping.Arrived, author: Author) -> Post:
        return mapping.post(came, author=author, brand=self._server.did, blobs=self._blobs)


def fetch_record(server: Server, address: Address) -> dict[str, Any]:
    """Return a record as the server has it: ``uri``, ``cid`` and ``value``.

    Raises:
        NetworkError: it is not there (permanent), or the server is away.
    """
    return server.query("com.atproto.repo.getRecord", repo=address.did, collection=address.collection, rkey=address.key)


def _end(came: mapping.Arrived, end: str) -> Address | None:
    reference = mapping.mapping_at(mapping.mapping_at(came.record, "reply"), end)
    address = Address.parse(reference.get("uri"))
    return address if address and address.collection == POSTS else None


def _replies(view: dict[str, Any]) -> list[dict[str, Any]]:
    return [reply for reply in mapping.list_at(view, "replies") if isinstance(reply, dict)]
