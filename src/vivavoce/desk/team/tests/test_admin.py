"""An admin opens and closes doors; nobody answers under another's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse

from vivavoce.desk.team.links import link_for
from vivavoce.desk.team.services import teammate_add
from vivavoce.desk.times import utc_now

if TYPE_CHECKING:
    from django.test import Client

    from vivavoce.desk.team.models import Teammate

pytestmark = pytest.mark.django_db

WORDS = {"password1": "words of the admin 9", "password2": "words of the admin 9"}


@pytest.fixture
def lea() -> Teammate:
    lea = teammate_add(username="lea")
    lea.set_password("words of her own 7")
    lea.save()
    return lea


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(teammate_add(username="host", admin=True), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_an_admin_does_not_set_somebody_elses_password(admin: Client, lea: Teammate) -> None:
    address = reverse("admin:auth_user_password_change", args=[lea.pk])
    assert admin.post(address, WORDS).status_code == 403
    page = admin.get(reverse("admin:team_teammate_change", args=[lea.pk]))
    assert page.status_code == 200
    assert "password" not in page.content.decode().partition("<main")[2].lower()
    lea.refresh_from_db()
    assert lea.check_password("words of her own 7")


def test_a_link_made_for_somebody_else_does_not_set_their_password(client: Client, lea: Teammate) -> None:
    client.get(link_for(teammate=lea, now=utc_now()))
    client.post(reverse("account_change_password"), {"oldpassword": "", **WORDS})
    client.post(reverse("account_set_password"), WORDS)
    client.post(reverse("enrol"), {"name": "Lea", "password": WORDS["password1"]})
    lea.refresh_from_db()
    assert lea.check_password("words of her own 7")


def test_a_link_made_for_who_has_a_passkey_gives_them_no_password(client: Client, lea: Teammate) -> None:
    lea.set_unusable_password()
    lea.save()
    Authenticator.objects.create(user=lea, type=Authenticator.Type.WEBAUTHN, data={"name": "key", "credential": {}})
    client.get(link_for(teammate=lea, now=utc_now()))
    client.post(reverse("account_set_password"), WORDS)
    client.post(reverse("enrol"), {"name": "Lea", "password": WORDS["password1"]})
    lea.refresh_from_db()
    assert not lea.has_usable_password()


def test_who_has_nothing_yet_chooses_a_password_by_the_link(client: Client) -> None:
    mia = teammate_add(username="mia")
    client.get(link_for(teammate=mia, now=utc_now()))
    client.post(reverse("account_set_password"), WORDS)
    mia.refresh_from_db()
    assert mia.check_password(WORDS["password1"])
