"""Django's name for this app."""

from django.apps import AppConfig


class ObservatoryConfig(AppConfig):
    """See the package's own words."""

    name = "vivavoce.desk.observatory"
    label = "observatory"
