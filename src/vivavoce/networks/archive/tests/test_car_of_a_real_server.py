"""A repository as a real Bluesky server gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from vivavoce.networks.archive import Arrived, open_archive

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.pds import Pds


@pytest.mark.pds
def test_what_was_posted_on_a_real_server_comes_back_from_its_repository(tmp_path: Path, pds: Pds) -> None:
    brand = pds.create_account("archiviste")
    picture = pds.upload_blob(brand, b"\x89PNG\r\n\x1a\n" + b"\0" * 64, "image/png")
    embed = {"$type": "app.bsky.embed.images", "images": [{"alt": "Le pont", "image": picture}]}
    first = pds.post(brand, "Le pont est fermé \N{BRIDGE AT NIGHT}", langs=["fr"], embed=embed)
    said = {first.uri: first.cid}
    parent = first
    for number in range(60):
        parent = pds.post(brand, f"Suite numéro {number}", parent=parent, root=first)
        said[parent.uri] = parent.cid
    gone = pds.post(brand, "Une erreur")
    pds.delete(brand, gone)

    path = tmp_path / "repo.car"
    answer = httpx.get(f"{pds.url}/xrpc/com.atproto.sync.getRepo", params={"did": brand.did}, timeout=30)
    path.write_bytes(answer.raise_for_status().content)
    with open_archive(path) as archive:
        assert archive.format == "car"
        posts = [row.post for row in archive if isinstance(row, Arrived)]
    assert {post.id: post.version for post in posts} == said
    assert {post.root_id for post in posts} == {first.uri}
    assert all(post.ours and post.author.id == brand.did for post in posts)
    root = next(post for post in posts if post.id == first.uri)
    assert root.media[0].alt == "Le pont"
    assert root.media[0].url.endswith(f"{picture['ref']['$link']}@jpeg")
    assert all(abs((post.seen_at - post.created_at).total_seconds()) < 60 for post in posts)
