"""Bluesky repositories: keys from the tree, posts from the records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import libipld
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vivavoce.errors import BadInputError
from vivavoce.networks.archive import Arrived, Rejected, open_archive
from vivavoce.networks.archive.car import tid_time
from vivavoce.networks.archive.tests.repositories import DID, Link, Repository, post, varint
from vivavoce.posts import Media

if TYPE_CHECKING:
    from pathlib import Path

    from vivavoce.networks.archive import Row

TID_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"


def tid(at: datetime, clock: int = 7) -> str:
    number = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) << 10 | clock
    return "".join(TID_DIGITS[number >> shift & 31] for shift in range(60, -1, -5))


def rows_of(path: Path, data: bytes) -> list[Row]:
    path.write_bytes(data)
    with open_archive(path) as archive:
        assert archive.format == "car"
        return list(archive)


def test_every_post_of_a_large_tree_arrives_once_in_the_order_of_its_key(tmp_path: Path) -> None:
    repository = Repository()
    keys = sorted(tid(datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=number)) for number in range(400))
    for number, key in enumerate(keys):
        repository.records[f"app.bsky.feed.post/{key}"] = post(f"Note numéro {number}")
        repository.records[f"app.bsky.feed.like/{key}"] = {"$type": "app.bsky.feed.like"}
    arrived = rows_of(tmp_path / "repo.car", repository.car())
    assert [row.post.id for row in arrived if isinstance(row, Arrived)] == [
        f"at://{DID}/app.bsky.feed.post/{key}" for key in keys
    ]


def test_a_post_has_the_names_and_addresses_that_it_has_live(tmp_path: Path) -> None:
    repository = Repository()
    picture = b"\x01\x55\x12\x20" + b"\x07" * 32
    at = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    key = tid(at)
    root, parent = f"at://{DID}/app.bsky.feed.post/root", "at://did:plc:other/app.bsky.feed.post/parent"
    repository.records["app.bsky.actor.profile/self"] = {"displayName": "Mairie d'Orvale"}
    repository.records[f"app.bsky.feed.post/{key}"] = post(
        "La piscine rouvre lundi.",
        created_at="2031-01-01T00:00:00Z",
        langs=["fr"],
        reply={"root": {"uri": root, "cid": "x"}, "parent": {"uri": parent, "cid": "y"}},
        facets=[{"features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://orvale.example/piscine"}]}],
        embed={"$type": "app.bsky.embed.images", "images": [{"alt": "Le bassin", "image": {"ref": Link(picture)}}]},
    )
    (row,) = rows_of(tmp_path / "repo.car", repository.car())
    assert isinstance(row, Arrived)
    found = row.post
    assert (found.network, found.id) == ("bluesky", f"at://{DID}/app.bsky.feed.post/{key}")
    assert (found.author.id, found.author.name, found.ours) == (DID, "Mairie d'Orvale", True)
    assert found.seen_at == at, "arrival is the key's time, not the claimed one"
    assert (found.reply_to, found.root, found.languages) == (parent, root, ("fr",))
    assert found.links == ("https://orvale.example/piscine",)
    address = f"https://cdn.bsky.app/img/feed_fullsize/plain/{DID}/{libipld.encode_cid(picture)}@jpeg"
    assert found.media == (Media(url=address, alt="Le bassin"),)
    assert found.version.startswith("bafyrei")


@given(at=st.datetimes(min_value=datetime(1972, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001 - Hypothesis wants naive ones
def test_a_key_tells_its_time_to_the_microsecond(at: datetime) -> None:
    aware = at.replace(tzinfo=UTC)
    assert tid_time(tid(aware)) == aware


@pytest.mark.parametrize("key", ["self", "", "3kzzzzzzzzzz", "zzzzzzzzzzzzz", "3K22222222222", "2222222222222"])
def test_a_key_that_is_no_time_of_our_days_tells_none(key: str) -> None:
    assert tid_time(key) is None


def test_a_broken_record_is_rejected_with_its_key_and_the_rest_arrives(tmp_path: Path) -> None:
    repository = Repository()
    repository.records["app.bsky.feed.post/a"] = post("Premier")
    repository.records["app.bsky.feed.post/b"] = post("Deuxième", created_at="hier")
    repository.records["app.bsky.feed.post/c"] = {"$type": "app.bsky.feed.post"}
    repository.records["app.bsky.feed.post/d"] = post("Quatrième")
    rows = rows_of(tmp_path / "repo.car", repository.car())
    assert [type(row) for row in rows] == [Arrived, Rejected, Rejected, Arrived]
    told = [row.reason for row in rows if isinstance(row, Rejected)]
    assert "app.bsky.feed.post/b" in told[0]
    assert "hier" in told[0]
    assert "no text" in told[1]


def test_changed_bytes_are_found_by_their_hash(tmp_path: Path) -> None:
    repository = Repository()
    repository.records["app.bsky.feed.post/a"] = post("Le vrai texte")
    data = repository.car().replace(b"Le vrai texte", b"Un faux texte")
    (row,) = rows_of(tmp_path / "repo.car", data)
    assert isinstance(row, Rejected)
    assert "CID" in row.reason


def test_a_record_that_is_not_in_the_file_is_rejected(tmp_path: Path) -> None:
    repository = Repository()
    repository.records["app.bsky.feed.post/a"] = post("Présent")
    repository.records["app.bsky.feed.post/b"] = post("Absent")
    repository.car()
    gone = repository.block(post("Absent"))
    missing = Repository()
    missing.records = repository.records
    whole = missing.car()
    part = gone.cid + missing.blocks[gone.cid]
    rows = rows_of(tmp_path / "repo.car", whole.replace(varint(len(part)) + part, b""))
    assert [type(row) for row in rows] == [Arrived, Rejected]


@pytest.mark.parametrize("lost", [1, 20, 60])
def test_a_repository_that_ends_in_the_middle_says_to_download_it_again(tmp_path: Path, lost: int) -> None:
    repository = Repository()
    repository.records["app.bsky.feed.post/a"] = post("Bonjour " * 20)
    path = tmp_path / "repo.car"
    path.write_bytes(repository.car()[:-lost])
    with pytest.raises(BadInputError, match="Download it again"):
        open_archive(path, "car")


def test_a_tree_that_repeats_itself_ends(tmp_path: Path) -> None:
    class Malicious(Repository):
        def tree(self, pairs: list[tuple[bytes, Link]], height: int) -> Link | None:
            del height
            node = self.block({"l": None, "e": []})
            for _ in range(30):  # two to the thirty visits, were they all made
                entry = {"p": 0, "k": b"a", "v": pairs[0][1], "t": node}
                node = self.block({"l": node, "e": [entry, {**entry, "k": b"b"}]})
            return node

    repository = Malicious()
    repository.records["app.bsky.feed.post/a"] = post("Appât")
    rows = rows_of(tmp_path / "repo.car", repository.car())
    assert len(rows) < 1_000
    assert any(
        "does not end" in row.reason or "not in order" in row.reason for row in rows if isinstance(row, Rejected)
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(where=st.integers(0, 2_000), put=st.binary(min_size=1, max_size=9))
def test_any_damage_is_told_and_never_a_crash(tmp_path: Path, where: int, put: bytes) -> None:
    repository = Repository()
    for number in range(8):
        repository.records[f"app.bsky.feed.post/{number}"] = post(f"Avis numéro {number}")
    data = bytearray(repository.car())
    where %= len(data)
    data[where : where + len(put)] = put
    path = tmp_path / "repo.car"
    path.write_bytes(bytes(data))
    told = path.name
    try:
        with open_archive(path, "car") as archive:
            assert all(isinstance(row, Arrived | Rejected) for row in archive)
    except BadInputError as error:
        told = str(error)
    assert path.name in told
