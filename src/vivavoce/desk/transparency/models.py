"""The ledger's one table."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class LedgerEntry(models.Model):
    """One act of the machine, or of a teammate upon it. Holds nobody's words: only ids and labels."""

    at = models.DateTimeField()
    part = models.CharField(max_length=40)
    """Who acted: ``listener``, ``reader``, ``queue``, ``courier``, ``clock``, or ``teammate``."""
    teammate = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    act = models.CharField(max_length=40)
    """What was done: ``due``, ``labelled``, ``corrected``, ``gap``, ``closed``, ``sent``, ..."""
    reason = models.CharField(max_length=40, blank=True)
    """A code from ``vivavoce.desk.inbox.reasons``, put into words when it is shown, in the reader's language."""
    person = models.ForeignKey("inbox.Person", null=True, blank=True, on_delete=models.SET_NULL, db_index=False)
    post = models.ForeignKey("inbox.Post", null=True, blank=True, on_delete=models.SET_NULL)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["person", "-id"], name="ledger_person")]
