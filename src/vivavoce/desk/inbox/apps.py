"""Django's name for this app."""

from django.apps import AppConfig


class InboxConfig(AppConfig):
    """See the package's own words."""

    name = "vivavoce.desk.inbox"
    label = "inbox"
