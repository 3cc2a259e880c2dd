"""Drafts, presence, the outbox and the chain. None of these is in the admin or in any API."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from vivavoce.desk.inbox.models import Conversation, Post


class Draft(models.Model):
    """What a teammate has begun to write in a conversation."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE)
    teammate = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    text = models.TextField(blank=True)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "teammate"], name="draft_once")]


class Challenge(models.Model):
    """A nonce given to one teammate's browser for one conversation, to be signed with the words, once."""

    nonce = models.CharField(max_length=64, unique=True)
    teammate = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE)
    text_sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField()


class Presence(models.Model):
    """That a given teammate was at the keyboard for these words: proved by a passkey, or signed in."""

    class Kind(models.TextChoices):
        """Never confused, on screen or in the record."""

        PROVED = "proved"
        SIGNED_IN = "signed_in"

    teammate = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    method = models.CharField(max_length=20)
    """``passkey``, ``password``, ``totp`` or ``sso``."""
    nonce = models.CharField(max_length=64, unique=True)
    evidence = models.JSONField()
    """The fields of ``vivavoce.networks.permit`` in base64url; emptied when the person is erased."""
    window_opened_at = models.DateTimeField(null=True)
    at = models.DateTimeField()


class Reply(models.Model):
    """The outbox: words written by a teammate, bound to a presence, on their way to a network."""

    class State(models.TextChoices):
        """Sent, failed or unknown, always visibly."""

        QUEUED = "queued"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"
        UNKNOWN = "unknown"
        RETURNED = "returned"
        """Back with its author: too old, or the person has written or deleted since."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="replies")
    answers = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="replies")
    teammate = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    presence = models.OneToOneField(Presence, on_delete=models.PROTECT)
    text = models.TextField(blank=True)
    queued_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    record = models.JSONField(null=True)
    """The frozen record, stored before the first try."""
    record_digest = models.CharField(max_length=64, blank=True)
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()
    lease_owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)
    """What happened and what to do, when not simply sent."""
    sent_at = models.DateTimeField(null=True)
    remote_id = models.CharField(max_length=512, blank=True)
    version = models.CharField(max_length=255, blank=True)
    url = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_try_at"], name="outbox_waiting", condition=Q(state__in=["queued", "sending", "unknown"])
            ),
            models.Index(fields=["teammate", "state"], name="outbox_teammate"),
        ]


class Link(models.Model):
    """One signed link of the chain: a reply that a teammate let leave, or its delivery."""

    class Kind(models.TextChoices):
        """A delivery is a second link, so that the first is never changed."""

        REPLY = "reply"
        DELIVERY = "delivery"

    number = models.PositiveBigIntegerField(primary_key=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    reply = models.ForeignKey(Reply, on_delete=models.PROTECT, related_name="links")
    body = models.TextField()
    """Canonical JSON: pseudonyms, times, kind of presence, the HMAC commitment, the previous link's hash."""
    hash = models.CharField(max_length=64, unique=True)
    signature = models.CharField(max_length=128)


class CommitmentKey(models.Model):
    """The random key of one link's commitment. Erasing a person destroys it: the chain stays whole and says nothing."""

    link = models.OneToOneField(Link, on_delete=models.CASCADE, related_name="commitment_key")
    key = models.CharField(max_length=64, blank=True)
    erased_at = models.DateTimeField(null=True)


class Head(models.Model):
    """The last link of the chain: one row, locked by whoever adds the next."""

    number = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)
