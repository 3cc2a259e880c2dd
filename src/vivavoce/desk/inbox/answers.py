"""What the brand's own posts on a network answer, whoever wrote them and in whatever order they arrive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef

from vivavoce.desk.inbox.models import Post
from vivavoce.desk.replies.models import Reply

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Given:
    """Whose posts wait no more, and where."""

    conversations: frozenset[int]
    people: frozenset[int]


def answered_already(waiting: Sequence[Post], ours: Iterable[Post]) -> None:
    """Mark posts, unsaved, that the brand had answered before they arrived here; archives and catching up do that.

    An answer is one of the brand's posts that names the post as its parent, or that came later in its conversation;
    but a reply from this desk answers what its teammate could read, and a post that is new here nobody has read.
    A stored answer that stood alone joins the conversation of its parent.

    Args:
        waiting: new posts of one network that wait, with their conversations.
        ours: the brand's new posts, with theirs.
    """
    if not waiting:
        return
    roots = {post.root for post in waiting}
    of_desk = Reply.objects.filter(conversation=OuterRef("conversation"), remote_id=OuterRef("remote_id"))
    there = Post.objects.filter(network=waiting[0].network, root__in=roots, ours=True, deleted_at__isnull=True)
    stored = list(there.filter(~Exists(of_desk)).only("conversation_id", "reply_to", "seen_at"))
    answers = [*stored, *ours]
    if not answers:
        return
    named: dict[str, datetime] = {}
    last: dict[int, datetime] = {}
    for answer in answers:
        named[answer.reply_to] = min(answer.seen_at, named.get(answer.reply_to, answer.seen_at))
        if answer.conversation_id is not None:
            last[answer.conversation_id] = max(answer.seen_at, last.get(answer.conversation_id, answer.seen_at))
    for post in waiting:
        at = named.get(post.remote_id) or last.get(post.conversation_id or 0)
        if at is not None and (post.remote_id in named or at >= post.seen_at):
            post.waits, post.answered_at = False, at
    _adopt(waiting, [answer for answer in stored if answer.conversation_id is None])


def _adopt(parents: Iterable[Post], alone: Iterable[Post]) -> None:
    conversations = {post.remote_id: post.conversation_id for post in parents}
    adopted = [answer for answer in alone if answer.reply_to in conversations]
    for answer in adopted:
        answer.conversation_id = conversations[answer.reply_to]
    Post.objects.bulk_update(adopted, ["conversation"])


def answers_given(ours: Iterable[Post]) -> Given:
    """Let stored posts that waited before the brand's new posts wait no more. Two statements.

    Args:
        ours: the brand's new posts, saved, with their conversations.
    """
    last: dict[int, datetime] = {}
    for answer in ours:
        if answer.conversation_id is not None and answer.deleted_at is None:
            last[answer.conversation_id] = max(answer.seen_at, last.get(answer.conversation_id, answer.seen_at))
    if not last:
        return Given(frozenset(), frozenset())
    waiting = Post.objects.filter(conversation__in=last, waits=True).select_related("author").order_by("pk")
    answered = [post for post in waiting if post.seen_at <= last[post.conversation_id or 0]]
    for post in answered:
        post.waits, post.answered_at = False, last[post.conversation_id or 0]
    Post.objects.bulk_update(answered, ["waits", "answered_at"])
    return Given(
        conversations=frozenset(post.conversation_id for post in answered if post.conversation_id is not None),
        people=frozenset(post.author.person_id for post in answered),
    )
