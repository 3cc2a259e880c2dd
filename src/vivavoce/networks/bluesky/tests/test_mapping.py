"""Records of strangers: whatever they hold, a post comes of them or nothing, and nothing breaks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.networks.bluesky import mapping
from vivavoce.networks.bluesky.records import Address
from vivavoce.networks.bluesky.sieve import Known, Said, Sieve, TakenBack
from vivavoce.networks.bluesky.watch import Watch
from vivavoce.posts import TEXT_CODE_POINTS_MAX, Addressed, Author, Media, storable

SEEN = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
BRAND, OTHER = "did:plc:brand", "did:web:other.example"
URI = f"at://{OTHER}/app.bsky.feed.post/3n2wlk7jzq627"
CID = "bafyreiaiiddxhpaoyqihrfm2l75hf7wvrhbqacevkqneiybefm5mqot2b4"
PUBLIC = mapping.Blobs(None)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
NAMES = [
    "$type", "text", "createdAt", "facets", "features", "index", "reply", "parent", "root", "uri", "cid", "embed",
    "record", "media", "images", "items", "image", "video", "ref", "$link", "alt", "external", "langs", "tags", "tag",
    "did", "labels", "values", "val", "src", "handle", "displayName", "avatar", "kind", "commit", "operation",
    "collection", "rkey", "account", "active", "status", "time_us",
]  # fmt: skip
lively = st.sampled_from(
    [BRAND, OTHER, URI, CID, "app.bsky.feed.post", "app.bsky.richtext.facet#mention", "commit", "account", "create"]
)
records = st.recursive(
    json_values | lively,
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=6) | st.lists(inner, max_size=3),
    max_leaves=30,
)


def came(record: Any) -> mapping.Arrived | None:
    return mapping.arrived(URI, CID, record, SEEN)


def post_of(record: dict[str, Any], *, blobs: mapping.Blobs = PUBLIC) -> Any:
    arrived = came(record)
    assert arrived is not None
    return mapping.post(arrived, author=Author(OTHER, "other.example"), brand=BRAND, blobs=blobs)


@given(records)
def test_any_record_gives_a_storable_post_or_nothing(record: Any) -> None:
    arrived = came(record)
    assert (arrived is None) == (not isinstance(record, dict))
    if arrived is None:
        return
    post = post_of(record)
    assert post.text == storable(post.text)
    assert post.created_at <= post.seen_at == SEEN
    assert len(post.links) <= mapping.LINKS_MAX
    assert len(post.media) <= mapping.MEDIA_MAX
    for address in (*post.links, *(medium.url for medium in post.media)):
        assert address.startswith(("https://", "http://", "HTTP"))
        assert storable(address) == address
    json.dumps(mapping.hashtags(record))


@given(records)
def test_any_profile_gives_an_author_or_nobody(profile: Any) -> None:
    author = mapping.author(profile)
    if author is not None:
        assert author.id == profile["did"]
        assert author.handle == storable(author.handle)
        assert author.name == storable(author.name)


@given(records, st.booleans())
def test_any_message_of_the_stream_is_sifted_without_stumbling(event: Any, escaped: bool) -> None:  # noqa: FBT001
    sieve = Sieve(brand=BRAND, watch=Watch.parse("panne"), known=Known())
    message = json.dumps(event, ensure_ascii=escaped)
    time_us, items = sieve.sift(message)
    assert time_us is not None or items == []


@given(st.text() | st.sampled_from(["[" * 100_000, '{"did":"did:plc:a","time_us":1,"account"', "null", "1"]))
def test_what_is_not_json_is_left_out(message: str) -> None:
    assert Sieve(brand=BRAND, watch=Watch.parse("panne"), known=Known()).sift(message)[1] == []


@pytest.mark.parametrize(
    ("claimed", "taken"),
    [
        ("2026-11-22T20:59:00.5Z", SEEN - timedelta(seconds=59.5)),
        ("2026-11-22T21:59:00+02:00", SEEN - timedelta(minutes=61)),
        ("2026-11-22T20:59:00", SEEN - timedelta(minutes=1)),
        ("2099-01-01T00:00:00Z", SEEN),
        ("1969-01-01T00:00:00Z", SEEN),
        ("0001-01-01T00:00:00+23:59", SEEN),
        ("9999-12-31T23:59:59-23:59", SEEN),
        ("yesterday", SEEN),
        (None, SEEN),
        (12, SEEN),
    ],
)
def test_the_claimed_time_is_believed_within_reason_and_never_is_the_arrival(claimed: Any, taken: datetime) -> None:
    post = post_of({"text": "x", "createdAt": claimed})
    assert (post.created_at, post.seen_at) == (taken, SEEN)


def reference(did: str) -> dict[str, str]:
    return {"uri": f"at://{did}/app.bsky.feed.post/1", "cid": CID}


MENTION = {"facets": [{"features": [{"$type": "app.bsky.richtext.facet#mention", "did": BRAND}]}]}
QUOTE = {"embed": {"$type": "app.bsky.embed.record", "record": reference(BRAND)}}


@pytest.mark.parametrize(
    ("record", "addressed"),
    [
        ({"reply": {"parent": reference(BRAND), "root": reference(OTHER)}}, Addressed.REPLY),
        ({"reply": {"parent": reference(OTHER), "root": reference(BRAND)}}, Addressed.REPLY),
        ({"reply": {"parent": reference(OTHER), "root": reference(OTHER)}, **MENTION}, Addressed.MENTION),
        (MENTION, Addressed.MENTION),
        (QUOTE, Addressed.QUOTE),
        ({**QUOTE, **MENTION}, Addressed.MENTION),
        ({"embed": {"record": {"record": reference(BRAND)}, "media": {"images": []}}}, Addressed.QUOTE),
        ({"text": f"about {BRAND}"}, Addressed.OVERHEARD),
        ({"embed": {"record": reference(f"{BRAND}2")}}, Addressed.OVERHEARD),
    ],
)
def test_how_a_post_turns_to_the_brand(record: dict[str, Any], addressed: Addressed) -> None:
    assert post_of(record).addressed is addressed


def picture(cid: str, alt: str) -> dict[str, Any]:
    return {"image": {"$type": "blob", "ref": {"$link": cid}, "mimeType": "image/png", "size": 1}, "alt": alt}


def test_pictures_films_links_and_languages_are_kept() -> None:
    post = post_of(
        {
            "text": "Regardez 👩‍👩‍👧‍👦",
            "langs": ["fr", "en-GB", "not a language", 3],
            "facets": [
                {"features": [{"$type": "app.bsky.richtext.facet#link", "uri": uri}]}
                for uri in ("https://a.example/x?y=1#z", "javascript:alert(1)", "https://a.example/x?y=1#z", 4)
            ],
            "embed": {
                "record": {"record": reference(OTHER)},
                "media": {"images": [picture(CID, "un four éteint"), picture("../../etc", ""), "nonsense"]},
            },
        }
    )
    assert post.languages == ("fr", "en-GB")
    assert post.links == ("https://a.example/x?y=1#z", f"https://bsky.app/profile/{OTHER}/post/1")
    assert post.media == (
        Media(f"https://cdn.bsky.app/img/feed_fullsize/plain/{OTHER}/{CID}@jpeg", alt="un four éteint"),
    )
    assert post.url == f"https://bsky.app/profile/{OTHER}/post/3n2wlk7jzq627"
    assert post.version == CID


def test_films_and_cards_are_kept_and_pictures_come_from_the_own_server() -> None:
    film = {"embed": {"video": {"ref": {"$link": CID}}, "alt": "la rue"}}
    (medium,) = post_of(film, blobs=mapping.Blobs("https://pds.example")).media
    assert (medium.kind, medium.alt) == ("video", "la rue")
    assert medium.url == (f"https://pds.example/xrpc/com.atproto.sync.getBlob?did=did%3Aweb%3Aother.example&cid={CID}")
    assert post_of(film).media[0].url.endswith("/playlist.m3u8")
    card = {"embed": {"external": {"uri": "https://news.example/", "title": "t", "description": "d"}}}
    assert post_of(card).links == ("https://news.example/",)
    gallery = {"embed": {"items": [picture(CID, str(number)) for number in range(30)]}}
    assert len(post_of(gallery).media) == mapping.MEDIA_MAX


def test_a_huge_text_is_cut_and_nul_and_lone_surrogates_are_replaced() -> None:
    assert len(post_of({"text": "a" * 300_000}).text) == TEXT_CODE_POINTS_MAX
    assert post_of({"text": "a\x00b\ud83dc"}).text == "a\ufffdb\ufffdc"


@pytest.mark.parametrize(
    "uri", [None, 1, "", "at://brand.example/app.bsky.feed.post/1", "https://x", f"{URI}/", f"{URI}\n", "at://did:plc:"]
)
def test_what_is_not_an_address_is_none(uri: object) -> None:
    assert Address.parse(uri) is None


def test_only_the_owners_own_label_says_automated() -> None:
    label = {"val": "bot", "src": OTHER}
    assert mapping.author({"did": OTHER, "handle": "o.example", "labels": [label]}).says_automated  # type: ignore[union-attr]
    foreign = {"did": OTHER, "handle": "handle.invalid", "labels": [{**label, "src": BRAND}]}
    assert mapping.author(foreign) == Author(OTHER, OTHER)
    assert mapping.self_labelled_bot({"labels": {"values": [{"val": "bot"}]}})
    assert not mapping.self_labelled_bot({"labels": {"values": [{"val": "cat"}]}})


def event(operation: str, record: Any = None, *, did: str = OTHER, key: str = "1", **head: Any) -> str:
    commit = {"operation": operation, "collection": "app.bsky.feed.post", "rkey": key}
    if record is not None:
        commit |= {"record": record, "cid": CID}
    return json.dumps({"did": did, "time_us": 1_700_000_000_000_000, "kind": "commit", "commit": commit, **head})


def test_the_stream_lets_through_what_concerns_the_brand() -> None:
    sieve = Sieve(brand=BRAND, watch=Watch.parse("panne, #ostrel"), known=Known())

    def lets_through(*given: Any, **more: Any) -> list[type]:
        return [type(item) for item in sieve.sift(event(*given, **more))[1]]

    assert lets_through("create", {"text": "encore une panne"}) == [Said]
    assert lets_through("create", {"text": "x", "tags": ["Ostrel"]}, key="2") == [Said]
    assert lets_through("create", {"text": "hi", **MENTION}, key="3") == [Said]
    assert lets_through("create", {"text": "what I had for lunch"}, key="4") == []
    assert lets_through("create", {"text": "notre réponse"}, did=BRAND, key="5") == [Said]
    assert lets_through("update", {"text": "words taken out"}, key="1") == [Said]
    assert lets_through("update", {"text": "words of others"}, key="4") == []
    assert lets_through("delete", key="1") == [TakenBack]


def test_an_account_that_goes_takes_its_known_posts_along() -> None:
    sieve = Sieve(brand=BRAND, watch=Watch.parse("panne"), known=Known())
    for key in ("1", "2"):
        sieve.sift(event("create", {"text": "panne"}, key=key))
    sieve.sift(event("create", {"text": "panne"}, did="did:plc:stays"))
    for status, left in (("deactivated", 0), ("deleted", 2)):
        account = {"active": False, "did": OTHER, "status": status}
        message = json.dumps({"did": OTHER, "time_us": 1, "kind": "account", "account": account})
        assert [item.uri for item in sieve.sift(message)[1] if isinstance(item, TakenBack)] == [
            f"at://{OTHER}/app.bsky.feed.post/{key}" for key in ("1", "2")[:left]
        ]


def test_a_strangers_own_field_is_not_taken_for_the_streams_time() -> None:
    sieve = Sieve(brand=BRAND, watch=Watch.parse("panne"), known=Known())
    record = {"text": "hello", "did": OTHER, "time_us": 9_999_999_999_999}
    assert sieve.sift(event("create", record))[0] == 1_700_000_000_000_000
    assert sieve.sift(json.dumps({"did": OTHER, "time_us": 10**19, "kind": "commit"}))[0] is None
