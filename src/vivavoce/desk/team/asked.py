"""What the shipped networks ask, said once more for the translators: networks know nothing of the desk."""

from __future__ import annotations

from django.utils.translation import gettext_noop

ASKED = frozenset(
    {
        gettext_noop("Handle"),
        gettext_noop("The account's handle, like example.bsky.social. Leave it empty to listen only."),
        gettext_noop("App password"),
        gettext_noop(
            "Made at Bluesky under Settings, Privacy and security, App passwords. Never the account's own password."
        ),
        gettext_noop("Watched words"),
        gettext_noop("Words, phrases and #hashtags to listen for, separated by commas."),
        gettext_noop("Server"),
        gettext_noop("Address of the server that the account lives on."),
        gettext_noop("Jetstream"),
        gettext_noop("Address of the public stream that watched words, edits and deletions come from."),
        gettext_noop("Pace"),
        gettext_noop("Minutes of the story in one minute."),
        gettext_noop("Seed"),
        gettext_noop("Decides how fast people react."),
    }
)
"""Labels and helps of ``Connector.settings``; a network that somebody else wrote is shown in its own words."""
