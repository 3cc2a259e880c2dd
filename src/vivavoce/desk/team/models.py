"""Teammates, the team's rule, and one-time links."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models


def default_hours() -> dict[str, list[list[str]]]:
    """Monday to Friday, nine to six."""
    return {str(day): [["09:00", "18:00"]] for day in range(5)}


class Teammate(AbstractUser):
    """A user of the desk."""

    pseudonym = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    """Stands for the teammate in the chain; erasing the teammate leaves it without a name."""
    language = models.CharField(max_length=5, blank=True)
    """``en`` or ``fr``; empty follows the browser."""
    on_duty = models.BooleanField(default=True)
    """Is alerted of danger, whatever the hour."""

    @property
    def shown_name(self) -> str:
        """The name that other teammates and the public see."""
        return self.get_full_name() or self.username


class Rule(models.Model):
    """How this team works: when it is open, how soon it answers, how long a sign-in counts as presence. One row."""

    time_zone = models.CharField(max_length=60, default="Europe/Paris")
    hours = models.JSONField(default=default_hours)
    """Day of the week ("0" is Monday) to a list of [open, close] in local time."""
    holidays = models.JSONField(default=list)
    """Closed days, as ISO dates."""
    allowance_danger_min = models.PositiveIntegerField(default=10)
    """Minutes by the clock; danger ignores opening hours."""
    allowance_hour_min = models.PositiveIntegerField(default=60)
    allowance_today_min = models.PositiveIntegerField(default=240)
    allowance_week_min = models.PositiveIntegerField(default=27 * 60)
    allowance_none_min = models.PositiveIntegerField(default=45 * 60)
    """Minutes of opening time, these four: three days of nine hours for ``week``, five for ``none``."""
    presence_window_min = models.PositiveIntegerField(default=15)
    """A password, a code or a fresh single sign-on counts as presence for so many minutes."""


class OneTimeLink(models.Model):
    """A link that signs a teammate in once, to enrol a passkey or a password. Only its hash is kept."""

    teammate = models.ForeignKey(Teammate, on_delete=models.CASCADE)
    token_sha256 = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
