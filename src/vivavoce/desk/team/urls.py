"""The team's addresses."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from allauth.account.views import password_set
from django.urls import path
from django.views.generic import RedirectView

from vivavoce.desk.team import health, views
from vivavoce.desk.team.passkeys import PasskeyAdd

urlpatterns = [
    path("welcome/<str:token>", views.welcome, name="welcome"),
    path("enrol/", views.enrol, name="enrol"),
    # allauth asks nothing here: whoever holds a one-time link could add a password to somebody else's passkey.
    path("accounts/password/set/", reauthentication_required(password_set), name="account_set_password"),
    path("accounts/2fa/webauthn/add/", PasskeyAdd.as_view(), name="mfa_add_webauthn"),
    # No mail server is asked for: these two of allauth's pages would lead nowhere.
    path("accounts/email/", RedirectView.as_view(pattern_name="profile")),
    path("accounts/password/reset/", RedirectView.as_view(pattern_name="account_login")),
    path("me/", views.profile, name="profile"),
    path("networks/", views.networks, name="networks"),
    path("networks/connect/<str:name>/", views.network_connect, name="network-connect"),
    path("networks/<int:pk>/disconnect/", views.network_disconnect, name="network-disconnect"),
    path("rule/", views.rule, name="rule"),
    path("teammates/", views.teammates, name="teammates"),
    path("teammates/<int:pk>/link/", views.teammate_link, name="teammate-link"),
    path("teammates/<int:pk>/close/", views.teammate_close, name="teammate-close"),
    path("healthz", health.healthz, name="healthz"),
    path("metrics", health.metrics, name="metrics"),
]
