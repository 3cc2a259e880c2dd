from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from vivavoce.desk import keys
from vivavoce.desk.inbox.models import Conversation, Correction, Person, Post
from vivavoce.desk.inbox.tests.conftest import World, record
from vivavoce.desk.transparency.models import LedgerEntry
from vivavoce.posts import Addressed, Deletion, Media, Visibility

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from vivavoce.desk.team.models import Teammate

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</textarea><svg onload=alert(1)>",
    "{{ request }}{% load x %}",
    "\u202eevil\u202c \u2066x",
    "Z\u0351\u0352\u0353" * 3000,
    "\u200d\ufeff" * 100,
    "a" * 300_000,
)


class Elements(HTMLParser):
    """Collects the elements of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


@pytest.fixture
def now_world(world: World) -> World:
    """A world whose posts arrive now, as the pages' clock is the real one."""
    world.now = timezone.now()
    return world


@pytest.fixture
def desk(client: Client, teammate: Teammate) -> Client:
    client.force_login(teammate, backend="django.contrib.auth.backends.ModelBackend")
    return client


def conversation_of(world: World, *texts: str, **changes: Any) -> Conversation:
    posts = [world.post(text, id=f"hostile-{at}", **changes) for at, text in enumerate(texts)]
    world.take_in(*posts)
    return world.conversation(posts[0])


def page(desk: Client, name: str, *args: Any, **query: str) -> str:
    response = desk.get(reverse(name, args=args), query)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_is_shown_and_never_run(now_world: World, desk: Client, text: str) -> None:
    piece = {"label": "danger", "start": 0, "end": 5, "weight": 1.0}
    now_world.reads[text] = record(danger=True, evidence=[piece])
    conversation = conversation_of(now_world, text, author=text[:100])
    for html in (page(desk, "waiting"), page(desk, "conversation", conversation.pk), page(desk, "ledger")):
        for tag, attributes in Elements(html).found:
            assert not any(name.startswith("on") for name in attributes)
            assert tag != "script" or attributes["src"].startswith("/static/")
            assert attributes.get("src") != "x"


def test_only_web_addresses_become_links_and_pictures(now_world: World, desk: Client) -> None:
    bad = ("javascript:alert(1)", "data:text/html,x", "//no.scheme", "https://")
    good = "https://example.org/a?b=<c>&d"
    conversation = conversation_of(now_world, "look")
    Post.objects.update(links=[*bad, good], media=[{"url": one, "kind": "image", "alt": "<b>"} for one in (*bad, good)])
    found = Elements(page(desk, "conversation", conversation.pk)).found
    outside = [at for tag, at in found if tag == "a" and at.get("target") == "_blank"]
    assert {at["href"] for at in outside} == {good}
    assert all({"noopener", "nofollow"} <= set(at["rel"].split()) for at in outside)
    assert [(at["src"], at["alt"]) for tag, at in found if tag == "img"] == [(good, "<b>")]


def test_pictures_keep_their_words_through_the_intake(now_world: World, desk: Client) -> None:
    conversation = conversation_of(now_world, "look", media=(Media("https://example.org/a.png", alt="A broken lamp"),))
    html = page(desk, "conversation", conversation.pk)
    assert html.count("A broken lamp") == 2  # for those who cannot see it, and for those who can


def test_a_deleted_post_keeps_its_place_without_its_words(now_world: World, desk: Client) -> None:
    post = now_world.post("I regret this")
    now_world.take_in(post)
    conversation = now_world.conversation(post)
    now_world.take_in(Deletion(post.id, "demo", now_world.now))
    html = page(desk, "conversation", conversation.pk)
    assert "Deleted by its author" in html
    assert "regret" not in html


def test_other_peoples_words_stand_in_a_public_thread_and_never_in_a_private_one(
    now_world: World, desk: Client
) -> None:
    first = now_world.post("public question", author="ada")
    beside = now_world.post("me too", author="bob", root=first.id, reply_to=first.id)
    private = now_world.post("secret", author="eve", root=first.id, visibility=Visibility.PRIVATE)
    now_world.take_in(first, beside, private)
    html = page(desk, "conversation", now_world.conversation(first).pk)
    assert "me too" in html
    assert "secret" not in html


def test_a_conversation_costs_the_same_statements_however_long_it_is(
    now_world: World, desk: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    conversation = conversation_of(now_world, "one")
    page(desk, "conversation", conversation.pk)
    with CaptureQueriesContext(connection) as short:
        page(desk, "conversation", conversation.pk)
    now_world.take_in(*(now_world.post(f"more {at}", root="hostile-0") for at in range(40)))
    with django_assert_num_queries(len(short.captured_queries)):
        page(desk, "conversation", conversation.pk)


def test_the_front_page_costs_the_same_statements_however_many_wait(
    now_world: World, desk: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    now_world.take_in(now_world.post(author="one"))
    page(desk, "waiting")
    with CaptureQueriesContext(connection) as few:
        page(desk, "waiting")
    now_world.take_in(*(now_world.post(author=f"p{at}") for at in range(40)))
    with django_assert_num_queries(len(few.captured_queries)):
        page(desk, "waiting")


def test_without_javascript_a_correction_is_a_form_that_leads_back(now_world: World, desk: Client) -> None:
    conversation = conversation_of(now_world, "Where is it?")
    post = conversation.posts.get()
    told = {"label": "cause", "value": "billing", "next": reverse("conversation", args=[conversation.pk])}
    response = desk.post(reverse("correct", args=[post.pk]), told)
    assert response["Location"] == f"/conversations/{conversation.pk}/#post-{post.pk}"
    assert Correction.objects.get().now == "billing"
    assert "bill" in page(desk, "conversation", conversation.pk)


@pytest.mark.parametrize("value", ["", "unsure", "<b>", "x" * 500])
def test_a_correction_to_nonsense_is_refused_in_words(now_world: World, desk: Client, value: str) -> None:
    conversation = conversation_of(now_world, "Where is it?")
    response = desk.post(
        reverse("correct", args=[conversation.posts.get().pk]), {"label": "cause", "value": value}, follow=True
    )
    assert response.status_code == 200
    assert not Correction.objects.exists()


@pytest.mark.parametrize("next_page", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_no_form_leads_out_of_the_desk(now_world: World, desk: Client, next_page: str) -> None:
    conversation = conversation_of(now_world, "Where is it?")
    response = desk.post(reverse("assign", args=[conversation.person_id]), {"to": "me", "next": next_page})
    assert response["Location"] == "/"


def test_set_aside_and_undone_leaves_the_person_waiting_as_before(now_world: World, desk: Client) -> None:
    conversation = conversation_of(now_world, "Nice.")
    due_at = Person.objects.get().due_at
    desk.post(reverse("set-aside", args=[conversation.pk]))
    assert not Person.objects.get().waiting
    entry = LedgerEntry.objects.get(act="set_aside")
    assert f"/ledger/{entry.pk}/undo/" in page(desk, "conversation", conversation.pk)
    desk.post(reverse("ledger-undo", args=[entry.pk]))
    assert (Person.objects.get().waiting, Person.objects.get().due_at) == (True, due_at)


def test_a_conversation_where_nothing_waits_leads_to_the_one_that_does(now_world: World, desk: Client) -> None:
    one = conversation_of(now_world, "Where is my parcel? It is two weeks late.", author="ada", root="one")
    now_world.take_in(other := now_world.post("And my bill is wrong too!", id="other", author="ada", root="other"))
    waits = now_world.conversation(other)
    assert waits.person_id == one.person_id
    assert "in another conversation" not in page(desk, "conversation", one.pk)
    desk.post(reverse("set-aside", args=[one.pk]))
    assert (
        f"{reverse('conversation', args=[waits.pk])}#post-"
        in page(desk, "conversation", one.pk).partition("in another")[0]
    )


def test_an_overheard_post_waits_once_it_is_taken(now_world: World, desk: Client) -> None:
    now_world.take_in(now_world.post("Their bread is stale", addressed=Addressed.OVERHEARD))
    assert "Their bread is stale" in page(desk, "overheard")
    assert "Their bread is stale" not in page(desk, "waiting")
    response = desk.post(reverse("post-take", args=[Post.objects.get().pk]))
    assert response["Location"] == reverse("conversation", args=[Conversation.objects.get().pk])
    assert "Their bread is stale" in page(desk, "waiting")


def test_who_is_on_duty_sees_danger_on_every_page_and_nobody_else(
    now_world: World, desk: Client, teammate: Teammate
) -> None:
    now_world.reads["gas!"] = record(danger=True)
    now_world.take_in(now_world.post("gas!", author="eve"))
    for name in ("waiting", "ledger", "outcomes", "outbox", "overheard"):
        assert "1 person may be in danger" in page(desk, name)
    teammate.on_duty = False
    teammate.save()
    assert "may be in danger" not in page(desk, "ledger")


@pytest.mark.parametrize(
    "query",
    [
        {"after": "x"},
        {"after": "9-9-9"},
        {"shown": "1,2,x," + "9" * 30},
        {"scope": "theirs"},
        {"last": "1-2-" + "9" * 40},
    ],
)
def test_an_address_somebody_made_up_is_a_page_all_the_same(
    now_world: World, desk: Client, query: dict[str, str]
) -> None:
    now_world.take_in(now_world.post())
    page(desk, "waiting", **query)


@pytest.mark.parametrize("name", ["conversation", "person-erase"])
def test_what_is_not_there_is_not_found(desk: Client, name: str) -> None:
    assert desk.get(reverse(name, args=[10**12])).status_code == 404


def test_nothing_is_shown_to_a_stranger(client: Client, now_world: World) -> None:
    now_world.take_in(now_world.post())
    for name in ("waiting", "overheard", "ledger", "outcomes", "outbox", "live-stream"):
        response = client.get(reverse(name))
        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/login/")


def test_erasing_asks_first_and_then_leaves_no_word(now_world: World, desk: Client, data_folder: Path) -> None:
    keys.prepare(data_folder)
    conversation = conversation_of(now_world, "my secret address", author="ada")
    address = reverse("person-erase", args=[conversation.person_id])
    assert "Erase Ada?" in page(desk, "person-erase", conversation.person_id)
    assert Person.objects.get().erased_at is None
    desk.post(address)
    assert Person.objects.get().erased_at is not None
    html = page(desk, "conversation", conversation.pk)
    assert "my secret address" not in html
    assert not re.search(r"\bAda\b", html)
    assert "What the reader says" not in html


def test_pages_speak_the_language_that_the_teammate_chose(desk: Client, teammate: Teammate) -> None:
    desk.post(reverse("language"), {"language": "fr", "next": "/ledger/"})
    teammate.refresh_from_db()
    assert teammate.language == "fr"
    assert '<html lang="fr"' in page(desk, "waiting")
    desk.post(reverse("language"), {"language": "xx"})
    teammate.refresh_from_db()
    assert teammate.language == "fr"


def test_a_screen_asks_for_its_rows_again_and_hears_how_many_are_new(now_world: World, desk: Client) -> None:
    now_world.take_in(now_world.post(author="ada"))
    shown = str(Person.objects.get().pk)
    now_world.take_in(now_world.post("Me too", author="bob", seen_at=now_world.now - timedelta(minutes=1)))
    response = desk.get("/", {"shown": shown, "last": ""}, headers={"X-Live": "1"})
    html = response.content.decode()
    assert "1 new" in html
    assert "Me too" not in html
    assert "<html" not in html
