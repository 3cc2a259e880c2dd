"""Django's admin holds teammates and nothing else: nothing there can speak, and nothing there vanishes."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from vivavoce.desk.team.models import Teammate

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign] # allauth's own way

# Libraries bring pages of their own: with one of them an admin could put a passkey under another's name.
admin.site.unregister([model for model in apps.get_models() if admin.site.is_registered(model)])


@admin.register(Teammate)
class TeammateAdmin(UserAdmin):  # type: ignore[type-arg]
    """Teammates, as Django shows users; nobody is deleted, since replies are theirs."""

    def has_delete_permission(self, request: object, obj: object = None) -> bool:  # noqa: ARG002 # Django's signature
        """Return False: a teammate is closed, not deleted."""
        return False
