"""A small world for the inbox: one account, a reader that does as it is told, and somebody who writes."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from vivavoce.desk.inbox.intake import Taken, take_in
from vivavoce.desk.inbox.models import Account, Conversation, Person, Post
from vivavoce.desk.team.models import Teammate
from vivavoce.networks.base import Batch, Gap
from vivavoce.posts import Addressed, Author, Deletion
from vivavoce.posts import Post as Wording

if TYPE_CHECKING:
    from collections.abc import Sequence

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
"""A Monday noon in Paris, when the team of the default rule is open."""


def record(**said: object) -> dict[str, Any]:
    """What a reader says: a delay to look at today, but for what is said otherwise."""
    decided = {
        "language": "en",
        "sentiment": "negative",
        "emotion": "anger",
        "cause": "delay",
        "wants": "repair",
        "urgency": "today",
        "needs_person": True,
        "danger": False,
    }
    return {
        "decided": decided | {name: said[name] for name in decided if name in said},
        "urgency": said.get("odds", {"none": 0.05, "week": 0.1, "today": 0.7, "hour": 0.15}),
        "evidence": said.get("evidence", []),
        "reader": "as told",
    }


@dataclass
class World:
    """An account and what happens on its network. Everything said to ``reads`` is what the reader will say."""

    account: Account
    now: datetime = NOON
    reads: dict[str, dict[str, Any]] = field(default_factory=dict)
    texts_read: list[str] = field(default_factory=list)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def reader(self, texts: Sequence[str], languages: Sequence[str | None]) -> list[dict[str, Any]]:
        assert len(texts) == len(languages)
        self.texts_read.extend(texts)
        return [self.reads.get(text, record()) for text in texts]

    def post(self, text: str = "Where is my parcel?", *, author: str = "ada", **changes: Any) -> Wording:
        """Somebody's mention, a new one at each call, at the world's time."""
        seen_at = changes.pop("seen_at", self.now)
        made = Wording(
            id=f"post-{next(self.numbers)}",
            network="demo",
            author=Author(author, handle=f"@{author}", name=author.title()),
            text=text,
            created_at=seen_at,
            seen_at=seen_at,
            addressed=Addressed.MENTION,
            version="1",
        )
        return replace(made, **changes)

    def answer(self, to: Wording, text: str = "We are on it.", **changes: Any) -> Wording:
        """The brand's own post, written elsewhere."""
        brands: dict[str, Any] = {
            "author": "brand",
            "ours": True,
            "reply_to": to.id,
            "root": to.root_id,
            "addressed": Addressed.OVERHEARD,
            "seen_at": to.seen_at + timedelta(minutes=1),
        }
        return self.post(text, **(brands | changes))

    def take_in(self, *events: Wording | Deletion, gaps: tuple[Gap, ...] = (), cursor: str | None = "c") -> Taken:
        batch = Batch(tuple(events), cursor, gaps=gaps)
        return take_in(self.account, batch, now=self.now, reader=self.reader)

    def row(self, wording: Wording) -> Post:
        return Post.objects.select_related("author__person", "conversation").get(remote_id=wording.id)

    def person(self, author: str = "ada") -> Person:
        return Person.objects.get(handles__remote_id=author)

    def conversation(self, wording: Wording) -> Conversation:
        found = self.row(wording).conversation
        assert found is not None
        return found


@pytest.fixture
def world(db: None) -> World:  # noqa: ARG001 - the database is there
    return World(Account.objects.create(network="demo", remote_id="brand", handle="@brand"))


@pytest.fixture
def teammate(db: None) -> Teammate:  # noqa: ARG001 - the database is there
    return Teammate.objects.create(username="zoe")
