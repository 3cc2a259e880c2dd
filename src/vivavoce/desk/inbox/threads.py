"""Which conversation a post belongs to, found or opened for many posts at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import connection

from vivavoce.desk.inbox.bulk import insert_rows
from vivavoce.desk.inbox.models import Account, Conversation, Post

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from vivavoce import posts

Key = tuple[int, str]
"""A person's id and a thread's root: with the account, one conversation."""

FIND = """
WITH wanted (person_id, root) AS (VALUES {pairs})
SELECT found.id, found.person_id, found.root
FROM wanted CROSS JOIN inbox_conversation AS found
WHERE found.account_id = %s AND found.person_id = wanted.person_id AND found.root = wanted.root"""
"""One step on ``conversation_once`` each: asked with IN, SQLite would go through all conversations of the account."""

FOLLOW = """
UPDATE inbox_conversation SET
  first_felt = COALESCE((SELECT reading.sentiment {felt} ORDER BY post.seen_at, post.id LIMIT 1), ''),
  last_felt = COALESCE((SELECT reading.sentiment {felt} ORDER BY post.seen_at DESC, post.id DESC LIMIT 1), ''),
  opened_at = COALESCE((SELECT MIN(post.seen_at) {of_it}), opened_at),
  last_at = COALESCE((SELECT MAX(post.seen_at) {of_it}), last_at),
  answered_at = COALESCE(answered_at, (SELECT MIN(post.seen_at) {of_it} AND post.ours)),
  closed_at = CASE WHEN EXISTS (SELECT 1 {of_it} AND post.waits) THEN NULL ELSE closed_at END
WHERE id IN ({{ids}})""".format(
    of_it="FROM inbox_post AS post WHERE post.conversation_id = inbox_conversation.id",
    felt="FROM inbox_post AS post JOIN inbox_reading AS reading ON reading.post_id = post.id "
    "WHERE post.conversation_id = inbox_conversation.id AND NOT post.ours",
)
"""The same on both databases; each inner statement is a step or two on the index ``post_conversation``."""


@dataclass(slots=True)
class Asked:
    """Whom the brand's posts may answer, as stored before this transaction writes."""

    parents: dict[str, int] = field(default_factory=dict)
    """The conversation of each parent, by the parent's identifier on the network."""
    threads: dict[str, set[int]] = field(default_factory=dict)
    """The conversations of each root whose parents are unknown."""
    people: set[int] = field(default_factory=set)


def conversations_found(account: Account, keys: Collection[Key]) -> dict[Key, int]:
    """Return the conversations that there are of some people and roots. One statement."""
    if not keys:
        return {}
    with connection.cursor() as cursor:
        pairs = [value for key in keys for value in key]
        cursor.execute(FIND.format(pairs=", ".join(["(%s, %s)"] * len(keys))), [*pairs, account.pk])
        return {(person, root): pk for pk, person, root in cursor.fetchall()}


def conversations_open(account: Account, opened: Mapping[Key, datetime]) -> dict[Key, int]:
    """Open conversations of people and roots that have none, at the given times. One statement."""
    made = insert_rows(
        Conversation,
        [
            Conversation(account=account, person_id=key[0], root=key[1], opened_at=opened[key], last_at=opened[key])
            for key in sorted(opened)
        ],
    )
    return {(conversation.person_id, conversation.root): conversation.pk for conversation in made}


def asked_by(account: Account, network: str, ours: Collection[posts.Post], beside: Collection[str]) -> Asked:
    """Look up whom the brand's new posts may answer, so that they can be locked before anything moves them.

    Args:
        account: as whom the brand wrote.
        network: where.
        ours: the brand's posts.
        beside: the identifiers of other posts of the same batch, which may be their parents.

    At most two statements, none without such posts.
    """
    found = Asked()
    asked = {post.reply_to for post in ours if post.reply_to and post.reply_to not in beside}
    if asked:
        stored = Post.objects.filter(network=network, remote_id__in=asked, conversation__isnull=False)
        for parent, conversation, person in stored.values_list(
            "remote_id", "conversation_id", "conversation__person_id"
        ):
            found.parents[parent] = conversation
            found.people.add(person)
    roots = {post.root_id for post in ours if post.reply_to not in beside and post.reply_to not in found.parents}
    if roots:
        rows = Conversation.objects.filter(account=account, root__in=roots).values_list("root", "pk", "person_id")
        for root, conversation, person in rows:
            found.threads.setdefault(root, set()).add(conversation)
            found.people.add(person)
    return found


def join_ours(asked: Asked, ours: Iterable[Post], theirs: Iterable[Post]) -> None:
    """Set the conversation of the brand's own new posts, unsaved: that of the post they answer.

    An unknown parent leaves the thread to tell: where it holds one conversation, it is that one. Otherwise nobody can
    say whom the brand answered, and the post stands alone until its parent arrives.

    Args:
        asked: what ``asked_by`` found.
        ours: the brand's posts, in the network's order.
        theirs: other people's posts of the same transaction, with their conversations.
    """
    parents: dict[str, int | None] = dict(asked.parents)
    threads = {root: set(found) for root, found in asked.threads.items()}
    for post in theirs:
        parents[post.remote_id] = post.conversation_id
        if post.conversation_id is not None:
            threads.setdefault(post.root, set()).add(post.conversation_id)
    for post in ours:
        of_thread = threads.get(post.root, set())
        post.conversation_id = parents.get(post.reply_to) or (min(of_thread) if len(of_thread) == 1 else None)
        parents[post.remote_id] = post.conversation_id


def conversations_follow(ids: Collection[int]) -> None:
    """Let conversations follow their posts: how the person felt first and last, when it began and last moved.

    One statement. A conversation with a post that waits is open. The first reply's time is never taken back.
    """
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(FOLLOW.format(ids=", ".join(["%s"] * len(ids))), sorted(ids))
