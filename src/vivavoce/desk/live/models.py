"""One row a topic, whose version grows in the transaction that changed it."""

from __future__ import annotations

from django.db import models


class Signal(models.Model):
    """The version of a topic: ``queue``, ``outbox``, ``alerts``, or ``conversation:ID``."""

    topic = models.CharField(max_length=80, primary_key=True)
    version = models.PositiveBigIntegerField(default=0)
