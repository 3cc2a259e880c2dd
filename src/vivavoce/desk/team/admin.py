"""Django's admin holds teammates and nothing else: nothing there can speak, and nothing there vanishes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from allauth.account.decorators import secure_admin_login
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied

from vivavoce.desk.team.models import Teammate

if TYPE_CHECKING:
    from django.http import HttpRequest

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign] # allauth's own way

# Libraries bring pages of their own: with one of them an admin could put a passkey under another's name.
admin.site.unregister([model for model in apps.get_models() if admin.site.is_registered(model)])


@admin.register(Teammate)
class TeammateAdmin(UserAdmin):  # type: ignore[type-arg]
    """Teammates, as Django shows users; nobody is deleted, since replies are theirs."""

    fieldsets = tuple(
        (title, {**shown, "fields": tuple(name for name in shown["fields"] if name != "password")})
        for title, shown in UserAdmin.fieldsets or ()
    )
    """Without the password: with a teammate's password an admin could answer under that teammate's name."""

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> NoReturn:  # noqa: A002, ARG002 # Django's signature
        """Refuse: teammates choose their own, by a one-time link.

        Raises:
            PermissionDenied: always.
        """
        raise PermissionDenied

    def has_delete_permission(self, request: object, obj: object = None) -> bool:  # noqa: ARG002 # Django's signature
        """Return False: a teammate is closed, not deleted."""
        return False
