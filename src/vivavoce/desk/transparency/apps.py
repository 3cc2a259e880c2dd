"""Django's name for this app."""

from django.apps import AppConfig


class TransparencyConfig(AppConfig):
    """See the package's own words."""

    name = "vivavoce.desk.transparency"
    label = "transparency"
