"""Who may have an account: whom a teammate invited, and nobody else."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter


class InvitedOnly(DefaultAccountAdapter):  # type: ignore[misc] # allauth has no types
    """Nobody signs themselves up; ``vivavoce teammate`` and the team page invite."""

    def is_open_for_signup(self, request: Any) -> bool:  # noqa: ANN401, ARG002 # allauth's signature
        """Return False: never."""
        return False


class KnownOnly(DefaultSocialAccountAdapter):  # type: ignore[misc] # allauth has no types
    """Single sign-on signs in whom the team knows by e-mail; it makes no new teammates."""

    def is_open_for_signup(self, request: Any, sociallogin: Any) -> bool:  # noqa: ANN401, ARG002 # allauth's signature
        """Return False: never."""
        return False
