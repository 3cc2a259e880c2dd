"""Checks the whole chain, link by link: whole, erased, or broken and why."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from vivavoce.desk import keys
from vivavoce.desk.replies import chain
from vivavoce.desk.replies.models import Head, Link, Reply
from vivavoce.desk.replies.presence import check_again
from vivavoce.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CHUNK_LINKS = 500
"""So many links are in memory at once."""

NO_HASH = "0" * 64


class State(StrEnum):
    """How a link stands."""

    WHOLE = "whole"
    ERASED = "erased"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """What the check says of one link; number 0 is of the chain itself."""

    number: int
    state: State
    kind: str = ""
    why: str = ""


@dataclass(slots=True)
class _Walk:
    """Where the check stands."""

    key: Ed25519PublicKey
    erased: frozenset[str]
    number: int = 0
    hash: str = NO_HASH


class _BrokenError(Exception):
    """Why a link does not hold."""


def verify_chain() -> Iterator[Finding]:
    """Check each link of the chain, then its head and the outbox, while the desk goes on working.

    Yields a ``Finding`` a link, in order, then one for each thing that is wrong with the whole. Cost: linear, and
    memory for ``CHUNK_LINKS``; no lock is held.

    Raises:
        SetupError: the chain's key is missing.
    """
    key = Ed25519PublicKey.from_public_bytes(keys.chain_public_key())
    walk = _Walk(key, _erased_people(key))
    while links := _after(walk.number):
        for link in links:
            yield _checked(link, walk)
    yield from _whole(walk)


def chain_head() -> tuple[int, str]:
    """Return the number and the hash of the chain's last link: kept elsewhere, they show a chain that was cut off."""
    head = Head.objects.filter(pk=chain.HEAD).first() or Head(pk=chain.HEAD)
    return head.number, head.hash


def holds(link: Link) -> bool:
    """Tell whether one reply's link is signed by this desk and covers the reply as it stands in the database."""
    key = Ed25519PublicKey.from_public_bytes(keys.chain_public_key())
    try:
        return _covers(link, _body(link, key), frozenset()) is State.WHOLE
    except _BrokenError:
        return False


def _after(number: int) -> list[Link]:
    links = Link.objects.filter(number__gt=number).order_by("number")
    related = ("commitment_key", "reply__presence", "reply__teammate", "reply__conversation__person")
    return list(links.select_related(*related)[:CHUNK_LINKS])


def _checked(link: Link, walk: _Walk) -> Finding:
    missing, previous = link.number - walk.number - 1, walk.hash
    walk.number, walk.hash = link.number, link.hash
    try:
        if missing:
            _broken(f"before it, {missing} of the chain's links are missing")
        body = _body(link, walk.key)
        if body["previous"] != previous:
            _broken("it does not follow the link before it")
        state = _covers(link, body, walk.erased)
    except _BrokenError as broken:
        return Finding(link.number, State.BROKEN, link.kind, str(broken))
    return Finding(link.number, state, link.kind)


def _body(link: Link, key: Ed25519PublicKey) -> dict[str, Any]:
    """Return the link's body, once hash and signature hold."""
    if hashlib.sha256(link.body.encode("utf-8", "surrogatepass")).hexdigest() != link.hash:
        _broken("its body was changed")
    try:
        key.verify(bytes.fromhex(link.signature), chain.CONTEXT + link.body.encode())
    except (InvalidSignature, ValueError):
        _broken("it was not signed by this desk's key")
    body: dict[str, Any] = json.loads(link.body)
    if (body["number"], body["kind"]) != (link.number, link.kind):
        _broken("it stands in another link's place")
    return body


def _covers(link: Link, body: Mapping[str, Any], erased: frozenset[str]) -> State:
    if link.kind == Link.Kind.ERASURE:
        return State.WHOLE
    reply = link.reply
    if reply is None or str(reply.pk) != body["reply"]:
        _broken("its reply was replaced")
    for name, value in _facts(link, reply).items():
        if body.get(name) != value:
            _broken(f"the reply's {name} is not what was signed")
    key = getattr(link, "commitment_key", None)
    if key is None or not key.key:
        return _erased(reply, body, erased)
    delivery = link.kind == Link.Kind.DELIVERY
    covered = chain.delivery_covered(reply) if delivery else chain.reply_covered(reply)
    if not _is_hex(key.key) or not hmac.compare_digest(chain.commitment(key.key, covered), body["commitment"]):
        _broken("the delivery is not what was signed" if delivery else "words or presence are not what was signed")
    if not delivery:
        _presence(reply)
    return State.WHOLE


def _facts(link: Link, reply: Reply) -> dict[str, str]:
    """Return what the database says now of what the body says openly; a person may have been joined with another."""
    if link.kind == Link.Kind.DELIVERY:
        return {}
    facts = chain.reply_facts(reply)
    del facts["person"]
    return facts


def _erased(reply: Reply, body: Mapping[str, Any], erased: frozenset[str]) -> State:
    if body["person"] not in erased:
        _broken("its key is gone, but no link says that the person was erased")
    if reply.text or reply.record or reply.presence.evidence:
        _broken("the person was erased, but words or evidence are here again")
    return State.ERASED


def _presence(reply: Reply) -> None:
    if reply.presence.teammate_id != reply.teammate_id or reply.presence.conversation_id != reply.conversation_id:
        _broken("the presence is somebody else's")
    try:
        check_again(reply.presence, text=reply.text)
    except RefusedError as refused:
        _broken(f"the presence does not hold: {refused}")


def _erased_people(key: Ed25519PublicKey) -> frozenset[str]:
    people = set()
    for link in Link.objects.filter(kind=Link.Kind.ERASURE):
        try:
            people.add(str(_body(link, key)["person"]))
        except _BrokenError:
            continue  # the walk reports it
    return frozenset(people)


def _whole(walk: _Walk) -> Iterator[Finding]:
    """Compare the chain's end with its head, and the outbox with the chain."""
    head = Head.objects.filter(pk=chain.HEAD).first() or Head(pk=chain.HEAD)
    at_head = Link.objects.filter(number=head.number).values_list("hash", flat=True).first() or NO_HASH
    if head.number < walk.number:
        yield Finding(0, State.BROKEN, "head", f"the head says {head.number} links, here are {walk.number}")
    elif at_head != head.hash:
        yield Finding(0, State.BROKEN, "head", f"the head is link {head.number}; it is not the last one here")
    replies = Reply.objects.order_by("queued_at")
    for why, kind, linked in (
        ("a reply has no link", Link.Kind.REPLY, replies),
        ("a sent reply has no delivery", Link.Kind.DELIVERY, replies.filter(state=Reply.State.SENT)),
    ):
        first = linked.exclude(pk__in=Link.objects.filter(kind=kind).values("reply_id")).first()
        if first is not None:
            yield Finding(0, State.BROKEN, "outbox", f"{why}: {first.pk}")


def _is_hex(text: str) -> bool:
    try:
        bytes.fromhex(text)
    except ValueError:
        return False
    return True


def _broken(why: str) -> NoReturn:
    raise _BrokenError(why)
