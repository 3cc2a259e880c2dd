"""The team's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required, user_passes_test
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vivavoce.desk.inbox.models import Account
from vivavoce.desk.team import accounts, forms, links, queries, services
from vivavoce.desk.team.models import Teammate
from vivavoce.desk.times import utc_now
from vivavoce.errors import VivaVoceError
from vivavoce.networks import registry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

admin_only = user_passes_test(lambda user: bool(user.is_active and user.is_superuser), login_url="waiting")


@login_not_required
@require_GET
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in by a one-time link. That is nobody's presence: it leads to enrolling a passkey or a password."""
    teammate = links.link_use(token=token, now=utc_now())
    if teammate is None:
        return render(request, "team/link_used.html", status=410)
    login(request, teammate, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("waiting" if queries.can_sign_in(teammate) else "enrol")


@require_http_methods(["GET", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """Take a name, and a password or the way to a passkey."""
    teammate = _me(request)
    first = not queries.can_sign_in(teammate)
    if not first:
        return redirect("profile")
    form = forms.EnrolForm(request.POST or None, initial={"name": teammate.get_full_name()})
    if request.method == "POST" and form.is_valid():
        services.profile_save(
            teammate=teammate, name=form.cleaned_data["name"], language=teammate.language, on_duty=teammate.on_duty
        )
        if not form.cleaned_data["password"]:
            return redirect("mfa_add_webauthn")
        teammate.set_password(form.cleaned_data["password"])
        teammate.save(update_fields=["password"])
        update_session_auth_hash(request, teammate)
        named = {"name": teammate.username}
        messages.success(request, _("You are in. Next time, sign in as “%(name)s”, with your password.") % named)
        return redirect("waiting")
    return render(request, "team/enrol.html", {"form": form})


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change how a teammate is called, reads, is alerted and signs in."""
    teammate = _me(request)
    initial = {"name": teammate.get_full_name(), "language": teammate.language, "on_duty": teammate.on_duty}
    form = forms.ProfileForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        services.profile_save(teammate=teammate, **form.cleaned_data)
        if teammate.language:
            translation.activate(teammate.language)
        messages.success(request, _("Kept."))
        return redirect("profile")
    return render(request, "team/profile.html", {"form": form, "can_sign_in": queries.can_sign_in(teammate)})


@admin_only
@require_GET
def networks(request: HttpRequest) -> HttpResponse:
    """Show what is connected, how it fares, and what can be connected."""
    offered = [registry.connector(name) for name in registry.names() if name != "archive"]
    return render(request, "team/networks.html", {"accounts": queries.accounts(), "offered": offered})


@admin_only
@require_http_methods(["GET", "POST"])
def network_connect(request: HttpRequest, name: str) -> HttpResponse:
    """Ask what a network needs, try it, and keep it when it works."""
    if name not in registry.names():
        return redirect("networks")
    connector = registry.connector(name)
    form = forms.connect_form(connector, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            account = accounts.connect_account(network=name, values=form.cleaned_data, clock=utc_now)
        except VivaVoceError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Connected as %(name)s.") % {"name": account.handle or account.network})
            return redirect("networks")
    return render(request, "team/network_connect.html", {"form": form, "connector": connector})


@admin_only
@require_POST
def network_disconnect(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop listening and speaking as an account; what it heard stays."""
    accounts.disconnect_account(account=get_object_or_404(Account, pk=pk))
    messages.success(request, _("Disconnected. What it heard stays."))
    return redirect("networks")


@admin_only
@require_http_methods(["GET", "POST"])
def rule(request: HttpRequest) -> HttpResponse:
    """Show and change opening hours, allowances and the window of presence."""
    form = forms.RuleForm(request.POST or None, instance=queries.rule())
    if request.method == "POST" and form.is_valid():
        services.rule_save(values=form.values())
        messages.success(request, _("Kept. Every due time now follows the new rule."))
        return redirect("rule")
    return render(request, "team/rule.html", {"form": form})


@admin_only
@require_http_methods(["GET", "POST"])
def teammates(request: HttpRequest) -> HttpResponse:
    """Show who is in the team, and invite somebody."""
    form = forms.TeammateForm(request.POST or None)
    invitation = ""
    if request.method == "POST" and form.is_valid():
        try:
            added = services.teammate_add(**form.cleaned_data)
        except VivaVoceError as error:
            form.add_error("username", str(error))
        else:
            invitation = links.link_for(teammate=added, now=utc_now())
            form = forms.TeammateForm()
    context = {"teammates": queries.teammates(), "form": form, "invitation": invitation}
    return render(request, "team/teammates.html", context)


@admin_only
@require_POST
def teammate_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a new one-time link for a teammate, shown once."""
    invitation = links.link_for(teammate=get_object_or_404(Teammate, pk=pk), now=utc_now())
    context = {"teammates": queries.teammates(), "form": forms.TeammateForm(), "invitation": invitation}
    return render(request, "team/teammates.html", context)


@admin_only
@require_POST
def teammate_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a teammate sign in no more."""
    teammate = get_object_or_404(Teammate, pk=pk)
    if teammate == request.user:
        messages.error(request, _("Somebody else must close your account; otherwise nobody might be left."))
    else:
        services.teammate_close(teammate=teammate)
    return redirect("teammates")


def _me(request: HttpRequest) -> Teammate:
    assert isinstance(request.user, Teammate)  # noqa: S101 # LoginRequiredMiddleware stands before every view
    return request.user
