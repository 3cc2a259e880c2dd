"""What of the whole network's stream concerns us: posts to and by the brand, watched words, edits, deletions."""

from __future__ import annotations

import json
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vivavoce.networks.bluesky import mapping
from vivavoce.networks.bluesky.cursor import is_time_us, moment
from vivavoce.networks.bluesky.records import POSTS, Address, is_did

if TYPE_CHECKING:
    from vivavoce.networks.bluesky.watch import Watch

KNOWN_POSTS_MAX = 50_000
"""About 10 MB: a month of a busy brand. An edit of an older post is heard when it still concerns us."""

GONE = frozenset({"deleted", "takendown"})
"""What becomes of an account that takes its posts with it; a deactivated one may come back."""

_HEAD = re.compile(r'\{\s*"did"\s*:\s*"[^"\\]*"\s*,\s*"time_us"\s*:\s*(\d{1,20})\b')
"""How Jetstream begins a message; a time further in may be a stranger's own field."""

_ALWAYS_READ = re.compile(r'"operation"\s*:\s*"(?:update|delete)"|"account"')


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody made or edited a post that concerns us."""

    time_us: int
    came: mapping.Arrived


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Somebody deleted a post."""

    time_us: int
    uri: str


class Known:
    """The addresses of the posts that were let through, as many as fit; for any thread."""

    def __init__(self) -> None:
        self._uris: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, uri: str) -> None:
        """Remember an address, and forget the oldest when there are too many."""
        with self._lock:
            self._uris[uri] = None
            self._uris.move_to_end(uri)
            while len(self._uris) > KNOWN_POSTS_MAX:
                self._uris.popitem(last=False)

    def __contains__(self, uri: str) -> bool:
        return uri in self._uris

    def of(self, did: str) -> list[str]:
        """Return the known posts of one author."""
        with self._lock:
            return [uri for uri in self._uris if uri.startswith(f"at://{did}/")]


class Sieve:
    """Lets through what concerns a brand.

    Args:
        brand: its DID; empty without an account.
        watch: its watched words.
        known: what was let through before, whose edits concern us too.
    """

    def __init__(self, *, brand: str, watch: Watch, known: Known) -> None:
        self._brand = brand
        self._watch = watch
        self._known = known

    def sift(self, message: str) -> tuple[int | None, list[Said | TakenBack]]:
        """Return a message's time and what of it concerns us; no time when it is not a message of Jetstream.

        Most messages concern nobody here and are not even decoded.
        """
        head = _HEAD.match(message)
        if head is not None and not self._may_concern(message):
            at_us = int(head[1])
            return (at_us if is_time_us(at_us) else None), []
        try:
            event = json.loads(message)
        except (ValueError, RecursionError):
            return None, []
        time_us = event.get("time_us") if isinstance(event, dict) else None
        if not isinstance(time_us, int) or not is_time_us(time_us) or not is_did(event.get("did")):
            return None, []
        return time_us, self._concerning(event, time_us, event["did"])

    def _may_concern(self, message: str) -> bool:
        named = bool(self._brand) and self._brand in message
        return named or _ALWAYS_READ.search(message) is not None or self._watch.may_hear(message)

    def _concerning(self, event: dict[str, Any], time_us: int, did: str) -> list[Said | TakenBack]:
        kind = event.get("kind")
        if kind == "account":
            account = mapping.mapping_at(event, "account")
            gone = account.get("active") is False and account.get("status") in GONE
            return [TakenBack(time_us, uri) for uri in self._known.of(did)] if gone else []
        commit = mapping.mapping_at(event, "commit")
        address = Address.parse(f"at://{did}/{commit.get('collection')}/{commit.get('rkey')}")
        if kind != "commit" or address is None or address.collection != POSTS:
            return []
        if commit.get("operation") == "delete":
            return [TakenBack(time_us, address.uri)]
        came = mapping.arrived(address.uri, commit.get("cid"), commit.get("record"), moment(time_us))
        if came is None or not self._concerns(came):
            return []
        self._known.add(address.uri)
        return [Said(time_us, came)]

    def _concerns(self, came: mapping.Arrived) -> bool:
        if came.address.did == self._brand or came.address.uri in self._known:
            return True  # the brand's own answers too, from whichever program a teammate gave them
        if mapping.addressed(came.record, self._brand) is not None:
            return True
        return self._watch.hears(mapping.text_at(came.record, "text"), mapping.hashtags(came.record))
