"""Django's name for this app."""

from django.apps import AppConfig


class TeamConfig(AppConfig):
    """See the package's own words."""

    name = "vivavoce.desk.team"
    label = "team"
