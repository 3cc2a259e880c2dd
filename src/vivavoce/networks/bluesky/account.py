"""One Bluesky account, or the watched words of nobody's account, as the house's ``Network``."""

from __future__ import annotations

import hashlib
import json
import random
import secrets
from typing import TYPE_CHECKING, Any

from vivavoce.errors import NetworkError, UnclearError
from vivavoce.networks.base import Batch, Capabilities, Record, Sighting, Standing, Words
from vivavoce.networks.bluesky import mapping
from vivavoce.networks.bluesky.client import AnswerError, Server
from vivavoce.networks.bluesky.connector import JETSTREAM, NAME, SERVICE
from vivavoce.networks.bluesky.graphemes import GRAPHEMES_MAX, count
from vivavoce.networks.bluesky.listening import Listening, Sources
from vivavoce.networks.bluesky.notifications import Notifications
from vivavoce.networks.bluesky.people import People
from vivavoce.networks.bluesky.records import CLOCK_IDS, POSTS, Address, check_words, is_did, post_payload, record_key
from vivavoce.networks.bluesky.threads import Threads, fetch_record
from vivavoce.networks.bluesky.watch import Watch
from vivavoce.networks.permit import spend
from vivavoce.posts import Author, Post, Visibility

if TYPE_CHECKING:
    from datetime import datetime

    from vivavoce.networks.base import Clock
    from vivavoce.networks.permit import Permit

PUBLIC_APPVIEW = "https://public.api.bsky.app"
"""Answers questions about public posts and people to anybody, without an account."""

GONE = "RecordNotFound"
LISTENS_ONLY = "This connection only listens: connect an account by handle and app password to reply."
POST_GONE = "The post that this answers is no longer on Bluesky; the reply stays with you."


class BlueskyAccount:
    """Listens and speaks as one account; made by ``BlueskyAccount.connect``."""

    name = NAME

    def __init__(self, server: Server, *, account: Author, sources: Sources, clock: Clock) -> None:
        self.account = account
        self.capabilities = Capabilities(
            public=bool(server.did),
            private=False,
            edit=True,
            delete=True,
            media=False,
            characters_max=GRAPHEMES_MAX,
        )
        self._server = server
        self._listening = Listening(sources, clock=clock, jitter=random.SystemRandom().random)
        self._threads = Threads(server, people=sources.people, blobs=sources.blobs, clock=clock)
        self._clock_id = secrets.randbelow(CLOCK_IDS)

    @classmethod
    def connect(  # noqa: PLR0913 - one argument a setting
        cls, *, service: str, handle: str, app_password: str, watch: str, jetstream: str, clock: Clock
    ) -> BlueskyAccount:
        """Sign in where a handle is given, and make ready to listen.

        Raises:
            NetworkError: permanent when handle, app password or watched words must be put right.
        """
        words = Watch.parse(watch)
        public = service == SERVICE
        server = Server(PUBLIC_APPVIEW if public and not handle else service, clock=clock)
        people = People(server)
        try:
            if handle:
                server.sign_in(handle, app_password)
                account = people.authors([server.did])[server.did]
            else:
                account = _nobody(words)
        except NetworkError:
            server.close()
            raise
        sources = Sources(
            brand=server.did,
            watch=words,
            jetstream=jetstream or JETSTREAM,
            notifications=Notifications(server) if handle else None,
            people=people,
            blobs=mapping.Blobs(None if public else service),
        )
        return cls(server, account=account, sources=sources, clock=clock)

    def listen(self, cursor: str | None, *, wait_s_max: float) -> Batch:
        """Return what came after ``cursor``, as ``Network.listen`` says."""
        return self._listening.listen(cursor, wait_s_max=wait_s_max)

    def thread(self, post_id: str) -> tuple[Post, ...]:
        """Return the public posts of the thread around a post, root first; empty when it is gone."""
        return self._threads.thread(post_id)

    def length(self, text: str) -> int:
        """Count a text in graphemes, as Bluesky does."""
        return count(text)

    def freeze(self, words: Words, *, created_at: datetime) -> Record:
        """Make the record that ``send`` will put: key, createdAt, facets, and where it stands in the thread.

        Raises:
            NetworkError: permanent when Bluesky cannot carry the words or the answered post is gone.
        """
        if not self._server.did:
            raise NetworkError(LISTENS_ONLY, permanent=True)
        if words.visibility is not Visibility.PUBLIC:
            message = "Replies on Bluesky are public; this one was to be private, so it cannot be sent here."
            raise NetworkError(message, permanent=True)
        check_words(words)
        self._clock_id = (self._clock_id + 1) % CLOCK_IDS
        return Record(
            network=self.name,
            account=self.account.id,
            key=record_key(created_at, self._clock_id),
            created_at=created_at,
            words=words,
            payload=post_payload(words, created_at=created_at, reply=self._reply(words), resolve=self._resolved),
        )

    def find(self, record: Record) -> Sighting:
        """Look into the account's own repository whether a frozen record stands there, word for word."""
        address = Address(self._server.did, POSTS, record.key)
        try:
            answer = fetch_record(self._server, address)
        except AnswerError as error:
            if error.name == GONE:
                return Sighting(Standing.ABSENT)
            raise
        same = answer.get("value") == json.loads(record.payload)
        return Sighting(
            Standing.PRESENT if same else Standing.OTHER_WORDS,
            id=address.uri,
            version=mapping.text_at(answer, "cid"),
            url=address.url,
        )

    def send(self, permit: Permit) -> Sighting:
        """Create the permitted record under its own key, once; an existing record is never changed.

        Raises:
            RefusedError: the permit is not good.
            UnclearError: the record may have arrived.
            NetworkError: it did not.
        """
        record = spend(permit, network=self.name, account=self.account.id)
        if not self._server.did:
            raise NetworkError(LISTENS_ONLY, permanent=True)
        answer = self._server.create_record(
            {
                "repo": self._server.did,
                "collection": POSTS,
                "rkey": record.key,
                "record": json.loads(record.payload),
            }
        )
        address = Address.parse(answer.get("uri"))
        if address != Address(self._server.did, POSTS, record.key):
            message = "The server did not say where it put the reply; we look on the network before another try."
            raise UnclearError(message)
        return Sighting(Standing.PRESENT, id=address.uri, version=mapping.text_at(answer, "cid"), url=address.url)

    def close(self) -> None:
        """Stop listening and let go of connections. May be called twice."""
        self._listening.close()
        self._server.close()

    def _reply(self, words: Words) -> dict[str, Any]:
        """Return root and parent as they stand now: the answered post knows its own root."""
        address = Address.parse(words.reply_to)
        if address is None or address.collection != POSTS:
            message = "This is not the address of a post on Bluesky, so it cannot be answered there."
            raise NetworkError(message, permanent=True)
        try:
            answer = fetch_record(self._server, address)
        except AnswerError as error:
            if error.gone:
                raise NetworkError(POST_GONE, permanent=True) from error
            raise
        parent = {"uri": address.uri, "cid": mapping.text_at(answer, "cid")}
        root = mapping.mapping_at(mapping.mapping_at(mapping.mapping_at(answer, "value"), "reply"), "root")
        if Address.parse(root.get("uri")) is not None and isinstance(root.get("cid"), str):
            return {"root": {"uri": root["uri"], "cid": root["cid"]}, "parent": parent}
        return {"root": parent, "parent": parent}

    def _resolved(self, handle: str) -> str | None:
        try:
            answer = self._server.query("com.atproto.identity.resolveHandle", handle=handle)
        except AnswerError as error:
            if error.permanent:
                return None
            raise
        did = answer.get("did")
        return did if isinstance(did, str) and is_did(did) else None


def _nobody(watch: Watch) -> Author:
    """Return who listens when nobody signed in: the same for the same words."""
    words = ", ".join(sorted(watch.words))
    return Author(id=f"watch:{hashlib.sha256(words.encode()).hexdigest()[:16]}", handle="listening", name=words)
