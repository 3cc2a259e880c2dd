"""The window of minutes that a password, a code or a fresh sign-in opens: *signed in*.

Our own record in the session, of this teammate, with its method and time. allauth's "recently reauthenticated" is
never asked: it is true for everybody without a password or key.

What opens a window: ``presence-confirm`` with a password or a code; a sign-in by password (with or without a second
factor), by code, by passkey with user verification, or by single sign-on when its token says that the person was
asked within the last minutes. What opens none: a one-time link, a mailed code, a password's reset, a session restored.
A passkey that merely signed in has not signed the words, so it opens a window like a password and is never *proved*.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.utils import timezone

from vivavoce.desk.team.models import Teammate
from vivavoce.desk.team.queries import rule

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest

SESSION_KEY = "vivavoce_signed_in"

WINDOW_MIN_MAX = 240
"""Half a working day: whatever the rule says, longer is no presence."""

FRESH_S_MAX = 300
"""A sign-in's steps, password then code, take minutes; what is older was not done now."""

CLOCKS_S_MAX = 60
"""How far ahead the clock of a single sign-on server may be."""


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """A teammate gave a password, a code or a fresh sign-in, at a time that is not too long ago."""

    teammate_id: int
    method: str
    opened_at: datetime


def window_open(session: SessionBase, *, teammate: Teammate, method: str, now: datetime) -> None:
    """Record in a session that a teammate has just shown to be there."""
    session[SESSION_KEY] = {"teammate": teammate.pk, "method": method, "opened_at": now.isoformat()}


def window_of(session: SessionBase, *, teammate: Teammate, now: datetime) -> OpenWindow | None:
    """Return the window that is open for a teammate in this session, if there is one."""
    kept: Any = session.get(SESSION_KEY)
    try:
        window = OpenWindow(kept["teammate"], str(kept["method"]), datetime.fromisoformat(kept["opened_at"]))
        return window if window.teammate_id == teammate.pk and is_open(window, now=now) else None
    except (KeyError, TypeError, ValueError):
        return None


def is_open(window: OpenWindow, *, now: datetime) -> bool:
    """Tell whether a window is open by the team's rule."""
    minutes = min(rule().presence_window_min, WINDOW_MIN_MAX)
    return timedelta(0) <= now - window.opened_at < timedelta(minutes=minutes)


def methods_of(teammate: Teammate) -> tuple[str, ...]:
    """Return by what a teammate can confirm to be there: ``passkey``, ``password``, ``totp``, ``sso``."""
    kinds = set(Authenticator.objects.filter(user=teammate).values_list("type", flat=True))
    able = {
        "passkey": Authenticator.Type.WEBAUTHN in kinds,
        "password": teammate.has_usable_password(),
        "totp": Authenticator.Type.TOTP in kinds,
        "sso": SocialAccount.objects.filter(user=teammate).exists(),
    }
    return tuple(method for method, can in able.items() if can)


def confirmed_by(teammate: Teammate, *, password: str, code: str) -> str:
    """Return the method by which a teammate has just confirmed to be there; empty when it does not hold."""
    if password:
        return "password" if teammate.has_usable_password() and teammate.check_password(password) else ""
    totp = Authenticator.objects.filter(user=teammate, type=Authenticator.Type.TOTP).first()
    return "totp" if code and totp is not None and totp.wrap().validate_code(code) else ""


@receiver(user_logged_in)
def _signed_in(request: HttpRequest, user: Any, **_kwargs: object) -> None:  # noqa: ANN401 # Django's signal
    """Open a window when a sign-in has just asked the person themselves."""
    if not isinstance(user, Teammate) or not hasattr(request, "session"):
        return
    now = timezone.now()
    request.session.pop(SESSION_KEY, None)
    for record in reversed(get_authentication_records(request, user)):
        method = _method(record, user, now=now)
        if method:
            given_at = min(now, datetime.fromtimestamp(record["at"], UTC))
            window_open(request.session, teammate=user, method=method, now=given_at)
            return


def _method(record: dict[str, Any], teammate: Teammate, *, now: datetime) -> str:
    """Return what one of allauth's records of this sign-in counts as; empty for what does not count."""
    if not _is_fresh(record.get("at"), now=now):
        return ""
    match record:
        case {"method": "password"}:
            return "password"
        case {"method": "mfa", "type": Authenticator.Type.TOTP}:
            return "totp"
        case {"method": "mfa", "type": Authenticator.Type.WEBAUTHN, "passwordless": True}:
            return "passkey_sign_in"
        case {"method": "socialaccount", "provider": provider, "uid": uid}:
            return "sso" if _was_asked(teammate, provider, uid, now=now) else ""
    return ""


def _was_asked(teammate: Teammate, provider: str, uid: str, *, now: datetime) -> bool:
    """Tell whether the identity provider says that it asked the person just now, not that it still remembers them.

    Source: OpenID Connect Core 1.0, section 2, ``auth_time``; ``prompt=login`` and ``max_age=0`` ask for it.
    """
    account = SocialAccount.objects.filter(user=teammate, provider=provider, uid=uid).first()
    token = account.extra_data.get("id_token") if account and isinstance(account.extra_data, dict) else None
    return isinstance(token, dict) and _is_fresh(token.get("auth_time"), now=now)


def _is_fresh(seconds: object, *, now: datetime) -> bool:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return False
    try:
        age_s = (now - datetime.fromtimestamp(seconds, UTC)).total_seconds()
    except (OverflowError, OSError, ValueError):
        return False
    return -CLOCKS_S_MAX <= age_s <= FRESH_S_MAX
