"""Which conversation a post belongs to, found or opened for many posts at once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from django.db.models import Exists, F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from vivavoce.desk.inbox.bulk import insert_rows
from vivavoce.desk.inbox.models import Account, Conversation, Post

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from vivavoce import posts

Key = tuple[int, str]
"""A person's id and a thread's root: with the account, one conversation."""


def conversations_for(account: Account, opened: Mapping[Key, datetime]) -> dict[Key, int]:
    """Return the conversation of each person and root, opened at the given time where there was none.

    Two statements. The order of people is the order of writing.
    """
    if not opened:
        return {}
    found = {
        (person, root): pk
        for pk, person, root in Conversation.objects.filter(
            account=account,
            person__in={person for person, _root in opened},
            root__in={root for _person, root in opened},
        ).values_list("pk", "person_id", "root")
        if (person, root) in opened
    }
    missing = sorted(key for key in opened if key not in found)
    made = insert_rows(
        Conversation,
        [
            Conversation(account=account, person_id=person, root=root, opened_at=opened[key], last_at=opened[key])
            for key in missing
            for person, root in (key,)
        ],
    )
    return found | {(conversation.person_id, conversation.root): conversation.pk for conversation in made}


def join_ours(account: Account, ours: Iterable[Post], beside: Iterable[Post]) -> None:
    """Set the conversation of the brand's own posts, unsaved: that of the post they answer.

    An unknown parent leaves the thread to tell: where it holds one conversation, it is that one. Otherwise nobody can
    say whom the brand answered, and the post stands alone until its parent arrives.

    Args:
        account: as whom the brand wrote.
        ours: the brand's posts, in the network's order.
        beside: other posts of the same transaction, which may be their parents.
    """
    alone = [post for post in ours if post.conversation_id is None]
    if not alone:
        return
    parents = {post.remote_id: post.conversation_id for post in beside}
    asked = {post.reply_to for post in alone if post.reply_to and post.reply_to not in parents}
    if asked:
        stored = Post.objects.filter(network=alone[0].network, remote_id__in=asked)
        parents |= dict(stored.values_list("remote_id", "conversation_id"))
    only = _only_conversations(account, {post.root for post in alone if parents.get(post.reply_to) is None})
    for post in alone:
        post.conversation_id = parents.get(post.reply_to) or only.get(post.root)
        parents[post.remote_id] = post.conversation_id


def people_answered(account: Account, network: str, ours: Collection[posts.Post]) -> set[int]:
    """Return whom the brand's posts may answer, so that they can be locked before anything moves them."""
    asked = {post.reply_to for post in ours if post.reply_to}
    if not asked:
        return set()
    parents = Post.objects.filter(network=network, remote_id__in=asked, conversation__isnull=False)
    only = _only_conversations(account, {post.root_id for post in ours})
    return {
        *parents.values_list("conversation__person_id", flat=True),
        *Conversation.objects.filter(pk__in=only.values()).values_list("person_id", flat=True),
    }


def _only_conversations(account: Account, roots: Collection[str]) -> dict[str, int]:
    """Return the conversation of each root that has exactly one."""
    if not roots:
        return {}
    rows = list(Conversation.objects.filter(account=account, root__in=roots).values_list("root", "pk"))
    many = Counter(root for root, _pk in rows)
    return {root: pk for root, pk in rows if many[root] == 1}


def conversations_follow(ids: Collection[int]) -> None:
    """Let conversations follow their posts: how the person felt first and last, when it began and last moved.

    One statement. A conversation with a post that waits is open. The first reply's time is never taken back.
    """
    if not ids:
        return
    posts = Post.objects.filter(conversation=OuterRef("pk"))
    theirs = posts.filter(ours=False)
    felt = theirs.exclude(reading=None).values("reading__sentiment")
    moments = posts.values("seen_at")
    ours = moments.filter(ours=True)
    Conversation.objects.filter(pk__in=ids).update(
        first_felt=Coalesce(Subquery(felt.order_by("seen_at", "pk")[:1]), Value("")),
        last_felt=Coalesce(Subquery(felt.order_by("-seen_at", "-pk")[:1]), Value("")),
        opened_at=Coalesce(Subquery(moments.order_by("seen_at")[:1]), F("opened_at")),
        last_at=Coalesce(Subquery(moments.order_by("-seen_at")[:1]), F("last_at")),
        answered_at=Coalesce(F("answered_at"), Subquery(ours.order_by("seen_at")[:1])),
    )
    Conversation.objects.filter(Exists(posts.filter(waits=True)), pk__in=ids, closed_at__isnull=False).update(
        closed_at=None
    )
