"""Exports of Mastodon: outbox.json, zip and tar.gz."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.errors import BadInputError
from vivavoce.networks.archive import Arrived, Rejected, open_archive
from vivavoce.networks.archive.plain import words_of
from vivavoce.posts import Media, Visibility

if TYPE_CHECKING:
    from pathlib import Path

    from vivavoce.networks.archive import Row

ME = "https://orvale.example/users/musee"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
ACTOR = {
    "id": ME,
    "type": "Service",
    "preferredUsername": "musee",
    "name": "Musée d'Orvale",
    "icon": {"url": "avatar.png"},
}
NOTE = {
    "id": f"{ME}/statuses/1",
    "type": "Note",
    "summary": None,
    "inReplyTo": f"{ME}/statuses/0",
    "published": "2026-03-01T09:30:00Z",
    "url": "https://orvale.example/@musee/1",
    "attributedTo": ME,
    "to": [PUBLIC],
    "cc": [f"{ME}/followers"],
    "content": (
        '<p>Nuit des musées <a href="https://orvale.example/nuit">par ici</a><br>Entrée libre &amp; douce</p>'
        "<p>Venez !</p>"
    ),
    "contentMap": {"fr": "..."},
    "attachment": [
        {"type": "Document", "mediaType": "image/png", "url": "https://orvale.example/m.png", "name": "Affiche"}
    ],
}


def outbox(*notes: object, **more: object) -> dict[str, object]:
    activities = [
        n if isinstance(n, dict) and "object" in n else {"type": "Create", "actor": ME, "object": n} for n in notes
    ]
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": "outbox.json",
        "type": "OrderedCollection",
        "totalItems": len(notes),
        "orderedItems": activities,
        **more,
    }


def rows_of(path: Path) -> list[Row]:
    with open_archive(path) as archive:
        assert archive.format == "mastodon"
        return list(archive)


def as_json(path: Path, *notes: object) -> Path:
    path.write_text(json.dumps(outbox(*notes)), encoding="utf-8")
    return path


def as_zip(path: Path, *notes: object) -> Path:
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("outbox.json", json.dumps(outbox(*notes)))
        out.writestr("actor.json", json.dumps(ACTOR))
    return path


def as_tar(path: Path, *notes: object) -> Path:
    with tarfile.open(path, "w:gz") as out:
        for name, value in (("media/1.png", "png"), ("./outbox.json", outbox(*notes)), ("./actor.json", ACTOR)):
            data = json.dumps(value).encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            out.addfile(member, io.BytesIO(data))
    return path


def test_a_toot_comes_with_its_words_and_the_address_that_it_has_live(tmp_path: Path) -> None:
    (row,) = rows_of(as_zip(tmp_path / "export.zip", NOTE))
    assert isinstance(row, Arrived)
    post = row.post
    assert (post.network, post.id, post.url) == ("mastodon", NOTE["id"], "https://orvale.example/@musee/1")
    assert post.text == "Nuit des musées par ici\nEntrée libre & douce\n\nVenez !"
    assert post.links == ("https://orvale.example/nuit",)
    assert post.media == (Media(url="https://orvale.example/m.png", alt="Affiche"),)
    assert (post.author.id, post.author.handle, post.author.name) == (ME, "musee@orvale.example", "Musée d'Orvale")
    assert (post.author.says_automated, post.ours) == (True, True)
    assert (post.reply_to, post.root, post.languages) == (f"{ME}/statuses/0", f"{ME}/statuses/0", ("fr",))
    assert (post.visibility, post.seen_at) == (Visibility.PUBLIC, datetime(2026, 3, 1, 9, 30, tzinfo=UTC))


def test_outbox_zip_and_tar_give_the_same_posts(tmp_path: Path) -> None:
    def essence(path: Path) -> list[tuple[str, str, str]]:
        return [(r.post.id, r.post.text, r.post.author.handle) for r in rows_of(path) if isinstance(r, Arrived)]

    notes = [NOTE, {**NOTE, "id": f"{ME}/statuses/2"}]
    expected = essence(as_zip(tmp_path / "e.zip", *notes))
    assert len(expected) == 2
    assert essence(as_json(tmp_path / "outbox.json", *notes)) == expected
    assert essence(as_tar(tmp_path / "e.tar.gz", *notes)) == expected


def test_an_export_that_spans_many_lines_is_known_too(tmp_path: Path) -> None:
    path = tmp_path / "o.json"
    path.write_text(json.dumps(outbox(NOTE), indent=2), encoding="utf-8")
    assert len(rows_of(path)) == 1


@pytest.mark.parametrize(
    ("audience", "seen"),
    [
        ({"to": [PUBLIC], "cc": []}, Visibility.PUBLIC),
        ({"to": [f"{ME}/followers"], "cc": [PUBLIC]}, Visibility.PUBLIC),
        ({"to": [f"{ME}/followers"], "cc": []}, Visibility.PRIVATE),
        ({"to": ["https://other.example/users/odile"], "cc": None}, Visibility.PRIVATE),
    ],
)
def test_only_what_was_public_is_public(tmp_path: Path, audience: dict[str, object], seen: Visibility) -> None:
    (row,) = rows_of(as_json(tmp_path / "outbox.json", {**NOTE, **audience}))
    assert isinstance(row, Arrived)
    assert row.post.visibility is seen


def test_a_content_warning_stands_before_the_words(tmp_path: Path) -> None:
    (row,) = rows_of(as_json(tmp_path / "outbox.json", {**NOTE, "summary": "travaux", "content": "<p>Fermé</p>"}))
    assert isinstance(row, Arrived)
    assert row.post.text == "travaux\n\nFermé"


@pytest.mark.parametrize(
    ("activity", "reason"),
    [
        ({"type": "Announce", "object": "https://other.example/1"}, "boost"),
        ({"type": "Delete", "object": {"type": "Tombstone"}}, "not a post"),
        ({**NOTE, "content": "", "attachment": []}, "no text"),
        ({**NOTE, "published": "never"}, "published is not a time"),
        ({**NOTE, "id": None}, "no id"),
        ({**NOTE, "attributedTo": ["a"]}, "attributedTo is list"),
    ],
)
def test_a_bad_item_is_rejected_with_its_place_and_reason(
    tmp_path: Path, activity: dict[str, object], reason: str
) -> None:
    rows = rows_of(as_json(tmp_path / "outbox.json", NOTE, activity, {**NOTE, "id": f"{ME}/statuses/3"}))
    told = {row.line: row.reason for row in rows if isinstance(row, Rejected)}
    assert list(told) == [2]
    assert reason in told[2]


def test_an_export_cut_short_gives_what_it_has(tmp_path: Path) -> None:
    path = as_json(tmp_path / "outbox.json", NOTE, NOTE)
    path.write_bytes(path.read_bytes()[:-100])
    arrived, cut = rows_of(path)
    assert isinstance(arrived, Arrived)
    assert isinstance(cut, Rejected)
    assert "ends in the middle" in cut.reason


def test_a_tar_cut_short_says_to_download_it_again(tmp_path: Path) -> None:
    path = as_tar(tmp_path / "e.tar.gz", NOTE)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(BadInputError, match="Download it again"):
        open_archive(path)


@given(st.text(max_size=300) | st.text("<>/!-[]&;#xpabr\"'= ?", max_size=120))
def test_any_markup_becomes_words_and_never_a_crash(html: str) -> None:
    text, links = words_of(html)
    assert all(link.lower().startswith(("http://", "https://")) for link in links)
    assert text == text.strip()


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>un</p><p>deux<br/>trois</p>", "un\n\ndeux\ntrois"),
        ("<ul><li>un</li><li>deux</li></ul>", "- un\n- deux"),
        ("a<script>alert(1)</script>b<style>p{}</style>", "ab"),
        ("5 &lt; 6 &amp;amp; &#233;", "5 < 6 &amp; é"),
        ('<a href="javascript:alert(1)">ici</a>', "ici"),
        ("pas de balise", "pas de balise"),
        ("<p>coup", "coup"),
    ],
)
def test_markup_reads_as_a_browser_shows_it(html: str, text: str) -> None:
    assert words_of(html) == (text, ())
