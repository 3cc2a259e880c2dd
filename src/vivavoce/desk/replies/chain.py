"""The chain: an Ed25519-signed, hash-linked record of who let which reply leave, and what was delivered.

A link says nothing of anybody by itself: pseudonyms, times, the kind of presence, and an HMAC-SHA256 commitment to
words and evidence under a random key of its own. Erasing a person destroys words and keys and adds a signed link that
says so; the hashes and signatures stay whole. One head row is locked by whoever adds a link, so there is one order.

What the chain cannot show by itself: that head, links and replies were all cut off together. Keep the head's number
and hash, which ``vivavoce verify`` prints, somewhere else from time to time.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from typing import TYPE_CHECKING, Any

from vivavoce.desk import keys
from vivavoce.desk.replies.models import CommitmentKey, Head, Link
from vivavoce.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from vivavoce.desk.inbox.models import Person
    from vivavoce.desk.replies.models import Reply

CONTEXT = b"vivavoce chain 1\n"
"""Signed before each body, so that a signature of the chain is good for nothing else."""

HEAD = 1
"""The one head row."""

COMMITMENT_KEY_BYTES = 32


def canonical(values: Mapping[str, Any]) -> str:
    """Return JSON that is the same for the same values: sorted names, no spaces, ASCII."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def commitment(key: str, covered: Mapping[str, Any]) -> str:
    """Return HMAC-SHA256 of the covered values under a link's own key, both in hexadecimal."""
    return hmac.new(bytes.fromhex(key), canonical(covered).encode(), hashlib.sha256).hexdigest()


def reply_link(reply: Reply) -> Link:
    """Add the link of a reply that a teammate lets leave, in the transaction that queues it."""
    return _add(Link.Kind.REPLY, reply=reply, facts=reply_facts(reply), covered=reply_covered(reply))


def delivery_link(reply: Reply, *, at: datetime) -> Link:
    """Add the link of a reply that is on its network, in the transaction that says so."""
    return _add(Link.Kind.DELIVERY, reply=reply, facts=delivery_facts(reply, at=at), covered=delivery_covered(reply))


def erasure_link(person: Person, *, at: datetime) -> Link:
    """Add the link that a person was erased, in the transaction that erases them."""
    return _add(
        Link.Kind.ERASURE, reply=None, facts={"person": str(person.pseudonym), "at": at.isoformat()}, covered={}
    )


def reply_facts(reply: Reply) -> dict[str, str]:
    """Return what the body of a reply's link says openly."""
    return {
        "reply": str(reply.pk),
        "at": reply.queued_at.isoformat(),
        "teammate": str(reply.teammate.pseudonym),
        "person": str(reply.conversation.person.pseudonym),
        "presence": reply.presence.kind,
        "method": reply.presence.method,
    }


def reply_covered(reply: Reply) -> dict[str, Any]:
    """Return what a reply's link commits to without saying it."""
    return {
        "text": reply.text,
        "evidence": reply.presence.evidence,
        "conversation": reply.conversation_id,
        "answers": reply.answers_id,
    }


def delivery_facts(reply: Reply, *, at: datetime) -> dict[str, str]:
    """Return what the body of a delivery's link says openly."""
    return {"reply": str(reply.pk), "at": at.isoformat(), "person": str(reply.conversation.person.pseudonym)}


def delivery_covered(reply: Reply) -> dict[str, Any]:
    """Return what a delivery's link commits to without saying it."""
    return {"record": reply.record, "remote_id": reply.remote_id, "version": reply.version}


def _add(kind: Link.Kind, *, reply: Reply | None, facts: Mapping[str, str], covered: Mapping[str, Any]) -> Link:
    head = _locked_head()
    number = head.number + 1
    key = secrets.token_hex(COMMITMENT_KEY_BYTES) if covered else ""
    body = canonical(
        {
            "v": 1,
            "number": number,
            "previous": head.hash,
            "kind": kind.value,
            "commitment": commitment(key, covered) if key else "",
            **facts,
        }
    )
    link = Link.objects.create(
        number=number,
        kind=kind,
        reply=reply,
        body=body,
        hash=hashlib.sha256(body.encode()).hexdigest(),
        signature=keys.chain_key().sign(CONTEXT + body.encode()).hex(),
    )
    if key:
        CommitmentKey.objects.create(link=link, key=key)
    head.number, head.hash = number, link.hash
    head.save(update_fields=["number", "hash"])
    return link


def _locked_head() -> Head:
    _head, new = Head.objects.get_or_create(pk=HEAD)
    if new and Link.objects.exists():
        message = "The chain has links but its head is gone. Nothing is sent. Run `vivavoce verify`."
        raise SetupError(message)
    return Head.objects.select_for_update().get(pk=HEAD)
