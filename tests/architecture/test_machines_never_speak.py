"""Machines never speak: every address, command, admin page and model is tried, and nothing leaves."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.core import serializers
from django.core.management import call_command, get_commands
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from tests.outbox.memory import MemoryNetwork, Server
from tests.outbox.world import World

from vivavoce.desk.replies.models import Link, Presence, Reply
from vivavoce.desk.team.models import Teammate
from vivavoce.desk.workers.courier import Courier
from vivavoce.posts import Author

WORDS = "Une machine a écrit ceci."

FORM = {
    "text": WORDS, "message": WORDS, "body": WORDS, "reply": WORDS, "nonce": "x" * 32, "assertion": "",
    "decision": "again",
    "label": "danger", "value": "true", "next": "/", "presence": "proved", "kind": "proved", "method": "passkey",
    "teammate": "1", "conversation": "1", "state": "queued", "name": WORDS, "action": "delete_selected",
    "confirm": "yes",
}  # fmt: skip
"""What a machine might try in any form."""

ENDS_THE_SESSION = {"account_logout"}


def addresses(patterns: list[Any] | None = None, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address of the desk, the admin's and allauth's too, with its path so far."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, before + str(pattern.pattern))
        else:
            yield before + str(pattern.pattern), pattern


def filled(path: str, world: World, reply: Reply | None) -> str:
    """Fill an address's places with what is really there."""
    number, name = str(world.conversation.pk), str(reply.pk if reply else uuid.uuid4())
    for place, value in {
        "<int:pk>": number, "<uuid:pk>": name, "<str:token>": "token", "<str:name>": "demo", "<str:key>": "k",
        "<provider_id>": "sso", "<str:provider_id>": "sso", "<path:object_id>": number, "<id>": number,
        "<int:id>": number,
        "<app_label>": "team", "<path:content_type_id>": number, "<int:content_type_id>": number,
    }.items():  # fmt: skip
        path = path.replace(place, value)
    return "/" + path.replace("^", "").replace("$", "").replace("\\Z", "")


def all_addresses() -> list[str]:
    return sorted({path for path, pattern in addresses() if pattern.name not in ENDS_THE_SESSION})


def nothing_left() -> None:
    assert not Reply.objects.exists()
    assert not Presence.objects.exists()
    assert not Link.objects.exclude(kind=Link.Kind.ERASURE).exists()


def test_the_addresses_are_found() -> None:
    names = {pattern.name for _path, pattern in addresses()}
    assert {"reply-send", "reply-challenge", "draft-save", "waiting", "conversation", "account_login"} <= names


@pytest.mark.parametrize("path", all_addresses())
def test_no_address_makes_a_reply_without_presence(world: World, path: str) -> None:
    machine = Client(raise_request_exception=False)
    boss = Teammate.objects.create_superuser("boss", password="une longue phrase encore")
    machine.force_login(boss)
    url = filled(path, world, None)
    for method in ("get", "post"):
        response = getattr(machine, method)(url, FORM)
        assert response.status_code < 500, (method, url)
    for method in ("put", "patch"):
        response = getattr(machine, method)(url, json.dumps(FORM), content_type="application/json")
        assert response.status_code < 500, (method, url)
    nothing_left()


@pytest.mark.parametrize("path", [path for path in all_addresses() if "<uuid:pk>" in path])
def test_no_address_changes_the_words_of_a_reply(world: World, path: str) -> None:
    reply = world.sends("Mes propres mots.")
    machine = Client()
    machine.force_login(world.bruno)
    machine.post(filled(path, world, reply), FORM)
    reply.refresh_from_db()
    assert (reply.text, reply.teammate_id, Reply.objects.count()) == ("Mes propres mots.", world.anne.pk, 1)


def test_a_token_in_a_header_is_nobody(world: World) -> None:
    for header in ("Bearer x", "Token x", "Basic YW5uZTp1bmU="):
        machine = Client(headers={"Authorization": header})
        response = machine.post(f"/conversations/{world.conversation.pk}/reply", FORM)
        assert response["Location"].startswith("/accounts/login/")
    nothing_left()


def test_the_admin_holds_nothing_that_speaks() -> None:
    shown = {model._meta.label for model in admin.site._registry}
    assert shown <= {"team.Teammate", "auth.Group", "account.EmailAddress", "mfa.Authenticator",
                     "socialaccount.SocialAccount", "socialaccount.SocialToken", "socialaccount.SocialApp"}  # fmt: skip


@pytest.mark.parametrize("label", ["replies", "inbox", "transparency", "live"])
def test_no_model_of_the_desk_is_in_the_admin(world: World, label: str) -> None:
    machine = Client()
    machine.force_login(Teammate.objects.create_superuser("boss", password="une longue phrase encore"))
    for model in apps.get_app_config(label).get_models():
        for action in ("", "add/", f"{world.conversation.pk}/change/"):
            url = f"/admin/{label}/{model._meta.model_name}/{action}"
            assert machine.post(url, FORM).status_code == 404, url


def test_the_desk_brings_no_management_command() -> None:
    assert [name for name, app in get_commands().items() if app.startswith("vivavoce")] == []


def courier_for(world: World, server: Server) -> Courier:
    def connect(_account: object, *, clock: object) -> MemoryNetwork:  # noqa: ARG001
        return MemoryNetwork(server, Author(id=world.account.remote_id, handle="brand"))

    return Courier(clock=world.clock, open_network=connect, settle_s=0.0)


def test_a_reply_loaded_from_a_file_does_not_leave(world: World, tmp_path: Path) -> None:
    reply = world.sends("Mes propres mots.")
    server = Server()
    rows: list[dict[str, Any]] = json.loads(serializers.serialize("json", [reply.presence, reply]))
    presence, copy = rows
    presence["pk"], presence["fields"]["nonce"] = 999, "another"
    copy["pk"], copy["fields"]["text"], copy["fields"]["presence"] = str(uuid.uuid4()), WORDS, 999
    file = tmp_path / "replies.json"
    file.write_text(json.dumps(rows), encoding="utf-8")
    call_command("loaddata", str(file), verbosity=0)
    assert Reply.objects.filter(text=WORDS).exists()
    courier = courier_for(world, server)
    for _step in range(10):
        courier.step()
        world.passes(seconds=5)
    assert server.arrivals == ["Mes propres mots."]
    assert Reply.objects.get(text=WORDS).state == "failed"


def test_a_link_copied_to_another_reply_does_not_let_it_leave(world: World) -> None:
    reply = world.sends("Mes propres mots.")
    server = Server()
    Reply.objects.filter(pk=reply.pk).update(text=WORDS)
    courier = courier_for(world, server)
    courier.step()
    assert server.arrivals == []


def test_each_worker_runs_without_a_word_of_its_own(world: World) -> None:
    server = Server()
    courier = courier_for(world, server)
    for _step in range(5):
        assert not courier.step()
    assert "send" not in server.calls
    nothing_left()
