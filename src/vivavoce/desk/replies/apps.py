"""Django's name for this app."""

from django.apps import AppConfig


class RepliesConfig(AppConfig):
    """See the package's own words."""

    name = "vivavoce.desk.replies"
    label = "replies"

    def ready(self) -> None:
        """Listen for sign-ins, which may open a window of presence."""
        from vivavoce.desk.replies import window  # noqa: F401, PLC0415 # its receiver connects; models are ready now
