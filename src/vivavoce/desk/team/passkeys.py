"""Enrolling a passkey: allauth's page and checks, with our words, and on to those who wait."""

from __future__ import annotations

from allauth.mfa.webauthn.forms import AddWebAuthnForm
from allauth.mfa.webauthn.views import AddWebAuthnView
from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc] # allauth has no types
    """A passkey signs in by itself unless somebody says otherwise."""

    name = forms.CharField(label=gettext_lazy("What to call it"), required=False)
    passwordless = forms.BooleanField(
        label=gettext_lazy("Sign in with it too, without a password"), initial=True, required=False
    )


class PasskeyAdd(AddWebAuthnView):  # type: ignore[misc] # allauth has no types
    """Enrol a passkey."""

    form_class = PasskeyForm

    def get_success_url(self) -> str:
        """Go on to those who wait."""
        return reverse("waiting")
