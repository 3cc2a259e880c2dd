"""Django's name for this app."""

from django.apps import AppConfig


class RepliesConfig(AppConfig):
    """See the package's own words."""

    name = "vivavoce.desk.replies"
    label = "replies"
