"""How a Bluesky account is connected: which settings it takes, and what they come to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from vivavoce.errors import NetworkError
from vivavoce.networks.base import Clock, Setting
from vivavoce.networks.bluesky.graphemes import GRAPHEMES_MAX, count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vivavoce.networks.base import Network

NAME = "bluesky"
SERVICE = "https://bsky.social"
JETSTREAM = "wss://jetstream2.us-east.bsky.network/subscribe"

SETTINGS = (
    Setting(
        "handle",
        "Handle",
        "The account's handle, like example.bsky.social. Leave it empty to listen only.",
        required=False,
    ),
    Setting(
        "app_password",
        "App password",
        "Made at Bluesky under Settings, Privacy and security, App passwords. Never the account's own password.",
        secret=True,
        required=False,
    ),
    Setting(
        "watch",
        "Watched words",
        "Words, phrases and #hashtags to listen for, separated by commas.",
        required=False,
    ),
    Setting(
        "service",
        "Server",
        "Address of the server that the account lives on.",
        required=False,
        default=SERVICE,
    ),
    Setting(
        "jetstream",
        "Jetstream",
        "Address of the public stream that watched words, edits and deletions come from.",
        required=False,
        default=JETSTREAM,
    ),
)


@dataclass(frozen=True, slots=True)
class BlueskyConnector:
    """Connects an account by handle and app password, or watched words without any account."""

    name: str = NAME
    label: str = "Bluesky"
    settings: tuple[Setting, ...] = field(default=SETTINGS)
    speaks: bool = True
    characters_max: int = GRAPHEMES_MAX

    def length(self, text: str) -> int:
        """Count a text in graphemes."""
        return count(text)

    def connect(self, settings: Mapping[str, str], *, clock: Clock) -> Network:
        """Sign in where a handle is given, and return the account.

        Raises:
            NetworkError: the settings, the handle or the app password must be put right, or the server is away.
        """
        from vivavoce.networks.bluesky.account import BlueskyAccount  # noqa: PLC0415 - loads in 0.7 s

        given = {name: value.strip() for name, value in settings.items()}
        handle = given.get("handle", "").removeprefix("@")
        password = given.get("app_password", "")
        if bool(handle) != bool(password):
            message = "Give both a handle and an app password, or neither to listen only."
            raise NetworkError(message, permanent=True)
        if not handle and not given.get("watch"):
            message = "Without an account there must be watched words to listen for: name at least one."
            raise NetworkError(message, permanent=True)
        return BlueskyAccount.connect(
            service=_address(given.get("service") or SERVICE, ("https", "http")),
            handle=handle,
            app_password=password,
            watch=given.get("watch", ""),
            jetstream=_address(given.get("jetstream") or JETSTREAM, ("wss", "ws")),
            clock=clock,
        )


def _address(text: str, schemes: tuple[str, ...]) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in schemes and bool(parts.hostname)
    except ValueError:
        good = False
    if not good:
        message = f"{text!r} is not an address that begins with {schemes[0]}://; put it right in the settings."
        raise NetworkError(message, permanent=True)
    return text.rstrip("/")
