"""An archive passes the listening part of the contract: its file grows, and it is heard on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from vivavoce.errors import NetworkError
from vivavoce.networks.archive import NETWORK
from vivavoce.networks.base import Connector, Words
from vivavoce.networks.contract import NetworkContract

if TYPE_CHECKING:
    from pathlib import Path

    from vivavoce.networks.base import Network

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class GrowingFile:
    """A file of post records that somebody appends to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self.roots: dict[str, str] = {}
        self.somebody_posts("Le premier mot.", mention=False)

    def connect(self) -> Network:
        return NETWORK.connect({"file": str(self.path), "format": "jsonl"}, clock=lambda: NOON)

    def somebody_posts(self, text: str, *, mention: bool = True, reply_to: str | None = None) -> str:
        self.count += 1
        post_id = f"post-{self.count}"
        at = NOON + timedelta(seconds=self.count)
        record = {
            "id": post_id,
            "author": {"id": "7", "handle": "odile"},
            "text": text,
            "created_at": at.isoformat(),
            "addressed": "reply" if reply_to else ("mention" if mention else "overheard"),
            "reply_to": reply_to,
        }
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        return post_id

    def somebody_deletes(self, post_id: str) -> None:
        raise NotImplementedError(post_id)

    def read_back(self, post_id: str) -> str | None:
        found = (json.loads(line) for line in self.path.read_text("utf-8").splitlines())
        return next((record["text"] for record in found if record["id"] == post_id), None)


class TestArchive(NetworkContract):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> GrowingFile:
        return GrowingFile(tmp_path / "growing.jsonl")


def test_an_archive_is_a_connector_that_does_not_speak() -> None:
    assert isinstance(NETWORK, Connector)
    assert not NETWORK.speaks


def test_an_archive_refuses_to_freeze_a_reply_for_good(tmp_path: Path) -> None:
    network = GrowingFile(tmp_path / "a.jsonl").connect()
    words = Words(text="non", reply_to="post-1", reply_to_version="", root="post-1", root_version="")
    with pytest.raises(NetworkError) as refusal:
        network.freeze(words, created_at=NOON)
    assert refusal.value.permanent
    network.close()


def test_a_cursor_of_another_file_starts_from_the_beginning(tmp_path: Path) -> None:
    first, second = GrowingFile(tmp_path / "a.jsonl"), tmp_path / "b.jsonl"
    network = first.connect()
    cursor = network.listen(None, wait_s_max=1).cursor
    assert network.listen(cursor, wait_s_max=1).events == ()
    network.close()
    second.write_text(first.path.read_text("utf-8").replace("post-1", "post-9"), encoding="utf-8")
    second.replace(first.path)
    network = first.connect()
    heard = network.listen(cursor, wait_s_max=1)
    assert [event.id for event in heard.events] == ["post-9"]
    network.close()


def test_a_rejected_row_is_left_out_and_listening_goes_on(tmp_path: Path) -> None:
    world = GrowingFile(tmp_path / "a.jsonl")
    with world.path.open("a", encoding="utf-8") as file:
        file.write('{"id": "broken"\n')
    last = world.somebody_posts("Encore là.")
    network = world.connect()
    assert [event.id for event in network.listen(None, wait_s_max=1).events] == ["post-1", last]
    network.close()


def test_an_archive_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="no file") as refusal:
        NETWORK.connect({"file": str(tmp_path / "nowhere.jsonl")}, clock=lambda: NOON)
    assert refusal.value.permanent
