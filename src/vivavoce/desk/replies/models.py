"""Drafts, presence, the outbox and the chain. None of these is in the admin or in any API."""

from __future__ import annotations

import uuid
from datetime import datetime  # noqa: TC003 # Django evaluates annotations of models

from django.conf import settings
from django.db import models
from django.db.models import Q

from vivavoce.desk.inbox.models import Conversation, Post
from vivavoce.desk.replies.problems import Problem, words


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


class PasskeyUse(models.Model):
    """How often a passkey said it had signed, when last used for a reply; a copy of a passkey falls behind."""

    credential_sha256 = models.CharField(max_length=64, primary_key=True)
    counter = models.PositiveBigIntegerField()


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
    """How: ``passkey`` when proved; ``password``, ``totp``, ``sso`` or ``passkey_sign_in`` when signed in."""
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
        """Back with its author: taken back, too old, or the person has written or deleted since."""

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
    unclear_since = models.DateTimeField(null=True)
    """Since when nobody knows whether the network has it."""
    problem_code = models.CharField(max_length=20, blank=True)
    """A ``Problem``."""
    problem_detail = models.TextField(blank=True)
    """What the network itself said."""
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    """Who looked at the network, when the courier could not tell."""
    decided_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    """When its author took the words up again or put them away; then it asks for nothing any more."""
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
            models.Index(fields=["conversation", "-queued_at"], name="outbox_conversation"),
        ]

    @property
    def problem(self) -> str:
        """What happened and what to do, in the reader's language; empty when all is well."""
        return words(self.problem_code, self.problem_detail)

    @property
    def released_at(self) -> datetime:
        """When a teammate last let it leave; what the person wrote after it, nobody has read."""
        return self.decided_at or self.queued_at

    @property
    def asks_for_a_person(self) -> bool:
        """Nothing more happens until a teammate decides: there, send again, write again."""
        decide = self.problem_code in {Problem.UNCLEAR, Problem.OTHER_WORDS}
        back = self.state in {self.State.FAILED, self.State.RETURNED}
        return self.settled_at is None and (back or (self.state == self.State.UNKNOWN and decide))


class Link(models.Model):
    """One signed link of the chain: a reply that a teammate let leave, its delivery, or a person's erasure."""

    class Kind(models.TextChoices):
        """A delivery is a second link, so that the first is never changed; so is an erasure."""

        REPLY = "reply"
        DELIVERY = "delivery"
        ERASURE = "erasure"

    number = models.PositiveBigIntegerField(primary_key=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    reply = models.ForeignKey(Reply, null=True, on_delete=models.PROTECT, related_name="links")
    """None for an erasure, which is of a person and all that was said to them."""
    body = models.TextField()
    """Canonical JSON: pseudonyms, times, kind of presence, the HMAC commitment, the previous link's hash."""
    hash = models.CharField(max_length=64, unique=True)
    signature = models.CharField(max_length=128)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reply", "kind"], name="link_once")]


class CommitmentKey(models.Model):
    """The random key of one link's commitment. Erasing a person destroys it: the chain stays whole and says nothing."""

    link = models.OneToOneField(Link, on_delete=models.CASCADE, related_name="commitment_key")
    key = models.CharField(max_length=64, blank=True)
    erased_at = models.DateTimeField(null=True)


class Head(models.Model):
    """The last link of the chain: one row, locked by whoever adds the next."""

    number = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)
