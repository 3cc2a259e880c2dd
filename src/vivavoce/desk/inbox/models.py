"""Accounts, people, posts, readings, conversations. Words as in DESIGN: a Person may have several Handles."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class Lane(models.IntegerChoices):
    """Danger goes first; the queue is ordered by lane, then due time."""

    DANGER = 0
    ORDINARY = 1


class Account(models.Model):
    """One connected account of one network; the listener keeps its cursor here."""

    network = models.CharField(max_length=40)
    remote_id = models.CharField(max_length=255, blank=True)
    handle = models.CharField(max_length=255, blank=True)
    name = models.CharField(max_length=255, blank=True)
    settings = models.JSONField(default=dict)
    """What the network's connector asked for, without secrets."""
    sealed = models.TextField(blank=True)
    """The secrets, encrypted with the data folder's key."""
    active = models.BooleanField(default=True)
    """The listener listens and the courier sends. An imported archive is not active."""
    cursor = models.TextField(blank=True)
    heard_at = models.DateTimeField(null=True)
    """When the listener last had an answer from the network."""
    lease_owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)
    """What is wrong and what to do; empty when all is well."""
    retry_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["network", "remote_id"], name="account_once")]


class Person(models.Model):
    """Somebody out there. Carries the one row of the queue that all their open conversations share."""

    name = models.CharField(max_length=255, blank=True)
    pseudonym = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, db_index=False)
    waiting = models.BooleanField(default=False)
    lane = models.SmallIntegerField(choices=Lane.choices, default=Lane.ORDINARY)
    due_at = models.DateTimeField(null=True)
    due_post = models.ForeignKey("Post", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    """The unanswered post that sets lane and due time: the one to answer first."""

    class Meta:
        indexes = [
            models.Index(fields=["lane", "due_at", "id"], name="queue", condition=Q(waiting=True)),
            models.Index(
                fields=["assignee", "lane", "due_at", "id"],
                name="queue_of",
                # Nobody's are most: with them in it, SQLite takes the index for useless once it has counted.
                condition=Q(waiting=True, assignee__isnull=False),
            ),
        ]


class Handle(models.Model):
    """A person's name on one network."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="handles")
    network = models.CharField(max_length=40)
    remote_id = models.CharField(max_length=255)
    """The network's own id; after an erasure its keyed hash, so that the person is not taken in again as new."""
    handle = models.CharField(max_length=255, blank=True)
    name = models.CharField(max_length=255, blank=True)
    avatar_url = models.TextField(blank=True)
    says_automated = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["network", "remote_id"], name="handle_once")]


class Conversation(models.Model):
    """What one person and the brand say to each other in one thread."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, db_index=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="conversations")
    root = models.CharField(max_length=512)
    """The thread's root on its network."""
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    first_felt = models.CharField(max_length=10, blank=True)
    """The decided sentiment of the person's first and last posts here; ``unsure`` is said too."""
    last_felt = models.CharField(max_length=10, blank=True)
    last_at = models.DateTimeField()
    """When the last post, the person's or ours, arrived."""
    answered_at = models.DateTimeField(null=True)
    """When our first reply was on the network."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "person", "root"], name="conversation_once")]
        indexes = [models.Index(fields=["root"], name="conversation_root")]


class Post(models.Model):
    """One message on a network, as it was taken in. ``vivavoce.posts.Post`` is the value it comes from.

    Foreign keys whose column begins another index have none of their own: each costs every post that arrives.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, db_index=False)
    network = models.CharField(max_length=40)
    remote_id = models.CharField(max_length=512)
    version = models.CharField(max_length=255, blank=True)
    author = models.ForeignKey(Handle, on_delete=models.PROTECT, related_name="posts", db_index=False)
    conversation = models.ForeignKey(
        Conversation, null=True, on_delete=models.SET_NULL, related_name="posts", db_index=False
    )
    """None for an overheard post that nobody has taken."""
    ours = models.BooleanField(default=False)
    text = models.TextField(blank=True)
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    """The network's time: the arrival."""
    stored_at = models.DateTimeField()
    reply_to = models.CharField(max_length=512, blank=True)
    root = models.CharField(max_length=512)
    root_version = models.CharField(max_length=255, blank=True)
    visibility = models.CharField(max_length=10, default="public")
    addressed = models.CharField(max_length=10, default="overheard")
    languages = models.JSONField(default=list)
    links = models.JSONField(default=list)
    media = models.JSONField(default=list)
    url = models.TextField(blank=True)
    deleted_at = models.DateTimeField(null=True)
    edited_at = models.DateTimeField(null=True)
    waits = models.BooleanField(default=False)
    """Addressed to us, and neither answered nor set aside nor deleted."""
    lane = models.SmallIntegerField(choices=Lane.choices, default=Lane.ORDINARY)
    due_at = models.DateTimeField(null=True)
    due_reason = models.CharField(max_length=40, blank=True)
    """A code of ``reasons``: which urgency set the allowance, and whether for want of certainty."""
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["network", "remote_id"], name="post_once")]
        indexes = [
            models.Index(fields=["conversation", "seen_at"], name="post_conversation"),
            models.Index(fields=["author", "seen_at"], name="post_author"),
            models.Index(fields=["network", "root"], name="post_root"),
            models.Index(fields=["root"], name="post_ours", condition=Q(ours=True)),
            models.Index(fields=["id"], name="post_overheard", condition=Q(conversation__isnull=True, ours=False)),
            models.Index(fields=["author", "lane", "due_at"], name="post_waits", condition=Q(waits=True)),
        ]


class Reading(models.Model):
    """What the reader says of a post; corrections by teammates stand beside it, never over it."""

    post = models.OneToOneField(Post, on_delete=models.CASCADE, related_name="reading")
    record = models.JSONField()
    """The record of DESIGN.md without ``id``, ``text`` and ``input``."""
    reader = models.CharField(max_length=60)
    sentiment = models.CharField(max_length=10)
    emotion = models.CharField(max_length=20)
    cause = models.CharField(max_length=20)
    wants = models.CharField(max_length=20)
    urgency = models.CharField(max_length=10)
    needs_person = models.CharField(max_length=10)
    danger = models.CharField(max_length=10)
    """What counts now, ``unsure`` included: the reader's decision, or the last correction."""


class Correction(models.Model):
    """A teammate says what a label should have been. Kept for learning; the last one counts."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="corrections")
    teammate = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    label = models.CharField(max_length=20)
    was = models.CharField(max_length=20)
    now = models.CharField(max_length=20)
    reader = models.CharField(max_length=60)
    at = models.DateTimeField()
