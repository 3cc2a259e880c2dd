"""Archives of X: tweets, direct messages, zip and folder."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from vivavoce.errors import BadInputError
from vivavoce.networks.archive import Arrived, Rejected, open_archive
from vivavoce.posts import Addressed, Media, Visibility

if TYPE_CHECKING:
    from pathlib import Path

    from vivavoce.networks.archive import Row

ACCOUNT = [{"account": {"accountId": "77", "username": "MairieOrvale", "accountDisplayName": "Mairie d'Orvale"}}]
WHEN = "Sun Mar 01 09:30:00 +0000 2026"
TWEET = {
    "id_str": "500",
    "full_text": "La piscine rouvre &amp; l'entrée est libre https://t.co/x",
    "created_at": WHEN,
    "lang": "fr",
    "in_reply_to_status_id_str": "499",
    "entities": {"urls": [{"url": "https://t.co/x", "expanded_url": "https://orvale.example/piscine"}]},
    "extended_entities": {"media": [{"type": "photo", "media_url_https": "https://pbs.example/1.jpg"}]},
}


def message(number: str, sender: str, text: str, minute: int) -> dict[str, object]:
    created_at = f"2026-03-01T09:{minute}:00.000Z"
    return {"messageCreate": {"id": number, "senderId": sender, "text": text, "createdAt": created_at}}


MESSAGES = [
    {
        "dmConversation": {
            "conversationId": "77-900",
            "messages": [
                message("1", "900", "Bonjour, et ma facture ?", 30),
                message("2", "77", "Je regarde, Odile.", 40),
                {"participantsJoin": {"userIds": ["3"]}},
            ],
        }
    }
]


def files(**more: object) -> dict[str, str]:
    given = {"tweets": [{"tweet": TWEET}], "account": ACCOUNT, **more}
    return {
        f"data/{name.replace('_', '-')}.js": f"window.YTD.{name}.part0 = {json.dumps(value, indent=2)}"
        for name, value in given.items()
        if value is not None
    }


def folder(path: Path, given: dict[str, str]) -> Path:
    for name, text in given.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text, encoding="utf-8")
    return path


def packed(path: Path, given: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, text in given.items():
            out.writestr(name, text)
    return path


def rows_of(path: Path) -> list[Row]:
    with open_archive(path) as archive:
        assert archive.format == "x"
        return list(archive)


def test_a_tweet_is_the_owners_with_its_words_links_and_pictures(tmp_path: Path) -> None:
    (row,) = rows_of(folder(tmp_path / "twitter", files()))
    assert isinstance(row, Arrived)
    post = row.post
    assert (post.id, post.network, post.ours) == ("500", "x", True)
    assert (post.author.id, post.author.handle, post.author.name) == ("77", "MairieOrvale", "Mairie d'Orvale")
    assert post.text == "La piscine rouvre & l'entrée est libre https://t.co/x"
    assert post.links == ("https://orvale.example/piscine",)
    assert post.media == (Media(url="https://pbs.example/1.jpg"),)
    assert (post.reply_to, post.root, post.languages) == ("499", "499", ("fr",))
    assert post.seen_at == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def test_zip_and_folder_give_the_same(tmp_path: Path) -> None:
    given = files(direct_messages=MESSAGES)
    assert rows_of(packed(tmp_path / "a.zip", given)) == rows_of(folder(tmp_path / "a", given))


def test_messages_are_private_and_those_of_others_are_addressed_to_the_owner(tmp_path: Path) -> None:
    _, asked, answered, joined = rows_of(packed(tmp_path / "a.zip", files(direct_messages=MESSAGES)))
    assert isinstance(asked, Arrived)
    assert isinstance(answered, Arrived)
    assert isinstance(joined, Rejected)
    assert (asked.post.visibility, asked.post.addressed, asked.post.ours) == (
        *(Visibility.PRIVATE, Addressed.PRIVATE, False),
    )
    assert (answered.post.visibility, answered.post.ours) == (Visibility.PRIVATE, True)
    assert asked.post.root_id == answered.post.root_id == "dm:77-900"
    assert "not a message" in joined.reason


def test_a_large_archive_in_parts_is_read_in_their_order(tmp_path: Path) -> None:
    given = files()
    given["data/tweets-part1.js"] = given["data/tweets.js"].replace('"500"', '"501"')
    given["data/deleted-tweets.js"] = given["data/tweets.js"].replace('"500"', '"502"')
    rows = rows_of(packed(tmp_path / "a.zip", given))
    assert sorted(row.post.id for row in rows if isinstance(row, Arrived)) == ["500", "501"]
    assert [row.line for row in rows] == [1, 2]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"full_text": "RT @odile: des mots d'Odile"}, "repost"),
        ({"full_text": " ", "extended_entities": {}}, "no text"),
        ({"created_at": "jamais"}, "created_at is not a time"),
        ({"id_str": None}, "no id"),
        ({"full_text": 7}, "no text"),
    ],
)
def test_a_bad_tweet_is_rejected_with_its_place_and_reason(
    tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    tweets = [{"tweet": TWEET}, {"tweet": {**TWEET, **change}}, 7, "x", {"tweet": {**TWEET, "id_str": "501"}}]
    rows = rows_of(packed(tmp_path / "a.zip", files(tweets=tweets)))
    told = {row.line: row.reason for row in rows if isinstance(row, Rejected)}
    assert reason in told[2]
    assert told[2].startswith("data/tweets.js: ")
    assert [row.post.id for row in rows if isinstance(row, Arrived)] == ["500", "501"]


def test_an_archive_without_its_account_is_read_all_the_same(tmp_path: Path) -> None:
    (row,) = rows_of(folder(tmp_path / "a", files(account=None)))
    assert isinstance(row, Arrived)
    assert row.post.ours


def test_an_empty_box_of_messages_does_no_harm(tmp_path: Path) -> None:
    assert len(rows_of(folder(tmp_path / "a", files(direct_messages=[])))) == 1


def test_a_zip_that_ends_in_the_middle_says_to_download_it_again(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", files())
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BadInputError, match="Download it again"):
        open_archive(path)


def test_a_zip_with_changed_bytes_says_to_download_it_again(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("data/tweets.js", files()["data/tweets.js"])
    path.write_bytes(path.read_bytes().replace(b"piscine rouvre", b"piscine fermee"))
    with pytest.raises(BadInputError, match="Download it again"):
        open_archive(path)


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out, out.open("data/tweets.js", "w") as file:
        file.write(b"window.YTD.tweets.part0 = [")
        for _ in range(260):
            file.write(b" " * 2**20)
        file.write(b"]")
    with pytest.raises(BadInputError, match="500 times its size"):
        open_archive(path)
