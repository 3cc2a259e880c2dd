"""Django's name for this app."""

from django.apps import AppConfig


class LiveConfig(AppConfig):
    """See the package's own words."""

    name = "vivavoce.desk.live"
    label = "live"
