"""Reading one conversation: the thread, what was read of it, our answers, and who the person is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.db.models import Q

from vivavoce.desk.inbox.marks import marked
from vivavoce.desk.inbox.models import Conversation, Correction, Post, Reading
from vivavoce.desk.inbox.queries import WRITING_MIN
from vivavoce.desk.inbox.services import CHOICES
from vivavoce.desk.inbox.words import LABELS, UNSURE, network_words, value_words
from vivavoce.desk.replies.models import Draft, Reply
from vivavoce.desk.transparency.models import LedgerEntry

if TYPE_CHECKING:
    from datetime import datetime

    from django.utils.safestring import SafeString

    from vivavoce.desk.team.models import Teammate

THREAD_POSTS_MAX = 200
"""The newest posts of a thread that a page shows, with its root; a crowd's thread has thousands."""

HISTORY_MAX = 12
"""Other conversations of the same person; the newest say how they have felt."""

EVIDENCE_QUOTES_MAX = 3
QUOTE_CHARACTERS_MAX = 60
"""Words quoted beside a label."""

LINKS_MAX = 10
"""Links of one post that are listed; a text with more is hardly meant for reading."""


@dataclass(frozen=True, slots=True)
class Label:
    """One label of a reading, with what may be said instead."""

    name: str
    title: str
    value: str
    words: str
    choices: tuple[tuple[str, str], ...]
    because: tuple[str, ...]
    corrected_by: str

    @property
    def unsure(self) -> bool:
        """The reader could not decide."""
        return self.value == UNSURE

    @property
    def alarming(self) -> bool:
        """It says danger."""
        return self.name == "danger" and self.value == "true"


@dataclass(frozen=True, slots=True)
class Shown:
    """A post as the page shows it."""

    post: Post
    name: str
    handle: str
    begin: SafeString
    rest: SafeString
    theirs: bool
    """Written by the person whose conversation it is."""
    first: bool
    """The one to answer first."""
    labels: tuple[Label, ...]
    links: tuple[tuple[str, str], ...]
    """Address and host, http and https only."""
    media: tuple[dict[str, str], ...]
    reply: Reply | None
    """Ours: the reply that put it there, if it left from this desk."""

    @property
    def danger(self) -> bool:
        """It waits in the danger lane."""
        return any(label.alarming for label in self.labels)


@dataclass(frozen=True, slots=True)
class Scene:
    """All that the page of a conversation shows."""

    conversation: Conversation
    network: str
    name: str
    handles: tuple[str, ...]
    posts: tuple[Shown, ...]
    earlier: bool
    """The thread is longer than the page."""
    pending: tuple[Reply, ...]
    """Replies that are not on the network, or not for sure."""
    history: tuple[Conversation, ...]
    writing: str
    set_aside: LedgerEntry | None
    waits: bool


def conversation_scene(conversation: Conversation, teammate: Teammate, *, now: datetime) -> Scene:
    """Read a conversation for its page. A constant number of statements; nothing is written."""
    person = conversation.person
    posts, earlier = _thread(conversation)
    replies = list(
        Reply.objects.filter(conversation=conversation).select_related("teammate", "presence").order_by("queued_at")
    )
    corrections = _corrections(posts)
    sent = {reply.remote_id: reply for reply in replies if reply.remote_id}
    shown = tuple(_shown(post, conversation, corrections, sent) for post in posts)
    there = {item.post.remote_id for item in shown}
    return Scene(
        conversation=conversation,
        network=network_words(conversation.account.network),
        name=person.name or next((handle.name or handle.handle for handle in person.handles.all()), ""),
        handles=tuple(handle.handle for handle in person.handles.all() if handle.handle),
        posts=shown,
        earlier=earlier,
        pending=tuple(reply for reply in replies if reply.settled_at is None and reply.remote_id not in there),
        history=_history(conversation),
        writing=_writing(conversation, teammate, now),
        set_aside=_set_aside(conversation),
        waits=any(item.post.waits for item in shown),
    )


def shown_post(post: Post) -> Shown:
    """Read one post for the page, as when a label of it was corrected."""
    assert post.conversation is not None  # noqa: S101 # only posts of a conversation are corrected
    return _shown(post, post.conversation, _corrections([post]), {})


def _thread(conversation: Conversation) -> tuple[list[Post], bool]:
    """Return the thread's posts, oldest first: other people's too, since a word is understood beside the others.

    A private conversation shows no other person's words, even where a network calls both by one root.
    """
    near = Q(conversation=conversation)
    if conversation.account.network:
        near |= Q(network=conversation.account.network, root=conversation.root, visibility="public")
    posts = Post.objects.filter(near).select_related("author", "reading", "conversation__person")
    newest = list(posts.order_by("-seen_at", "-pk")[: THREAD_POSTS_MAX + 1])
    earlier = len(newest) > THREAD_POSTS_MAX
    thread = newest[:THREAD_POSTS_MAX][::-1]
    if earlier:
        root = posts.filter(remote_id=conversation.root).first()
        thread = ([root] if root and root not in thread else []) + thread
    return sorted(thread, key=lambda post: (post.remote_id != conversation.root, post.seen_at, post.pk)), earlier


def _corrections(posts: list[Post]) -> dict[tuple[int, str], str]:
    """Return who corrected what last, by post and label."""
    rows = Correction.objects.filter(post__in=[post.pk for post in posts]).select_related("teammate").order_by("pk")
    return {(row.post_id, row.label): row.teammate.shown_name if row.teammate else "?" for row in rows}


def _shown(
    post: Post, conversation: Conversation, corrections: dict[tuple[int, str], str], sent: dict[str, Reply]
) -> Shown:
    theirs = not post.ours and post.author.person_id == conversation.person_id
    kept = theirs and conversation.person.erased_at is None
    reading: Reading | None = getattr(post, "reading", None) if kept else None
    evidence = _evidence(reading) if reading else []
    begin, rest = marked(post.text, evidence)
    return Shown(
        post=post,
        name=post.author.name or post.author.handle,
        handle=post.author.handle,
        begin=begin,
        rest=rest,
        theirs=theirs,
        first=conversation.person.due_post_id == post.pk,
        labels=tuple(_label(post, reading, name, evidence, corrections) for name in LABELS) if reading else (),
        links=tuple((link, host) for link in post.links[:LINKS_MAX] if (host := _host(link))),
        media=tuple(item for item in post.media if isinstance(item, dict) and _host(str(item.get("url", "")))),
        reply=sent.get(post.remote_id),
    )


def _evidence(reading: Reading) -> list[dict[str, Any]]:
    pieces = reading.record.get("evidence", [])
    return sorted(pieces, key=lambda piece: -float(piece.get("weight", 0)))


def _label(
    post: Post,
    reading: Reading,
    name: str,
    evidence: list[dict[str, Any]],
    corrections: dict[tuple[int, str], str],
) -> Label:
    value = getattr(reading, name)
    title, _values = LABELS[name]
    label_of = name if value in {"true", "false"} else value
    because = [post.text[piece["start"] : piece["end"]] for piece in evidence if piece["label"] == label_of]
    return Label(
        name=name,
        title=str(title),
        value=value,
        words=value_words(name, value),
        choices=tuple((choice, value_words(name, choice)) for choice in CHOICES[name]),
        because=tuple(words[:QUOTE_CHARACTERS_MAX] for words in because[:EVIDENCE_QUOTES_MAX]),
        corrected_by=corrections.get((post.pk, name), ""),
    )


def _host(address: str) -> str:
    """Return the host of a web address; empty for everything that is not one, ``javascript:`` above all."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return ""
    return host if parts.scheme in {"http", "https"} else ""


def _history(conversation: Conversation) -> tuple[Conversation, ...]:
    others = Conversation.objects.filter(person=conversation.person_id).exclude(pk=conversation.pk)
    return tuple(others.select_related("account").order_by("-last_at")[:HISTORY_MAX])


def _writing(conversation: Conversation, teammate: Teammate, now: datetime) -> str:
    drafts = Draft.objects.filter(conversation=conversation).exclude(teammate=teammate).exclude(text="")
    names = {
        draft.teammate.shown_name
        for draft in drafts.select_related("teammate")
        if (now - draft.saved_at).total_seconds() < WRITING_MIN * 60
    }
    return ", ".join(sorted(names))


def _set_aside(conversation: Conversation) -> LedgerEntry | None:
    if conversation.closed_at is None:
        return None
    entries = LedgerEntry.objects.filter(person=conversation.person_id, act="set_aside", undone_at=None)
    return entries.select_related("teammate").order_by("-id").first()
