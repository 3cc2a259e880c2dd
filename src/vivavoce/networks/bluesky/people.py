"""Who writes: Jetstream gives only DIDs; handles and names are looked up in bounded time and kept for a while."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from vivavoce.errors import NetworkError
from vivavoce.networks.bluesky import mapping
from vivavoce.posts import Author

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vivavoce.networks.bluesky.client import Server

PEOPLE_MAX = 10_000
"""About 5 MB; those who wrote last are kept."""

KEPT_S = 3_600.0
"""People change their names; an hour later is soon enough to notice."""

UNKNOWN_KEPT_S = 300.0
"""Someone whose name could not be had is asked for again after this."""

PROFILES_MAX = 25
"""The most that ``app.bsky.actor.getProfiles`` takes at once."""

LOOKUP_S_MAX = 3.0
"""For one batch: names may come later, the posts may not wait for them."""

PROFILE = "app.bsky.actor.profile"

_log = logging.getLogger(__name__)


class People:
    """A bounded memory of authors, filled from the network when asked.

    Args:
        server: where to ask.
        monotonic: counts seconds, never backwards.
    """

    def __init__(self, server: Server, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._server = server
        self._monotonic = monotonic
        self._known: OrderedDict[str, tuple[float, Author]] = OrderedDict()

    def note(self, author: Author, *, kept_s: float = KEPT_S) -> Author:
        """Remember an author whom the network just described."""
        self._known[author.id] = (self._monotonic() + kept_s, author)
        self._known.move_to_end(author.id)
        while len(self._known) > PEOPLE_MAX:
            self._known.popitem(last=False)
        return author

    def authors(self, dids: Iterable[str]) -> dict[str, Author]:
        """Return an author for each DID, looking up those not known; one who cannot be found goes by the DID."""
        now = self._monotonic()
        wanted = list(dict.fromkeys(dids))
        missing = [did for did in wanted if did not in self._known or self._known[did][0] < now]
        found = {did: self._known[did][1] for did in wanted if did not in missing}
        deadline = now + LOOKUP_S_MAX
        for start in range(0, len(missing), PROFILES_MAX):
            found |= self._look_up(missing[start : start + PROFILES_MAX], deadline)
        for did in missing:
            if did not in found:
                found[did] = self.note(Author(id=did, handle=did), kept_s=UNKNOWN_KEPT_S)
        return found

    def _look_up(self, dids: list[str], deadline: float) -> dict[str, Author]:
        found: dict[str, Author] = {}
        left_s = deadline - self._monotonic()
        if left_s <= 0:
            return found
        try:
            answer = self._server.query("app.bsky.actor.getProfiles", wait_s_max=left_s, actors=dids)
        except NetworkError as error:
            _log.debug("no profiles: %s", error.message)
            return self._from_repositories(dids, deadline)
        for profile in mapping.list_at(answer, "profiles"):
            author = mapping.author(profile)
            if author is not None and author.id in dids:
                found[author.id] = self.note(author)
        return found

    def _from_repositories(self, dids: list[str], deadline: float) -> dict[str, Author]:
        """Ask the server itself, one by one: all there is where no AppView stands behind it."""
        found: dict[str, Author] = {}
        for did in dids:
            left_s = deadline - self._monotonic()
            if left_s <= 0:
                break
            try:
                answer = self._server.query("com.atproto.repo.describeRepo", wait_s_max=left_s, repo=did)
                profile = self._profile_record(did, left_s)
            except NetworkError as error:
                _log.debug("no handle for %s: %s", did, error.message)
                continue
            found[did] = self.note(
                Author(
                    id=did,
                    handle=mapping.handle_or_did(answer.get("handle"), did),
                    name=mapping.display_name(profile),
                    says_automated=mapping.self_labelled_bot(profile),
                )
            )
        return found

    def _profile_record(self, did: str, left_s: float) -> dict[str, object]:
        try:
            answer = self._server.query(
                "com.atproto.repo.getRecord", wait_s_max=left_s, repo=did, collection=PROFILE, rkey="self"
            )
        except NetworkError:
            return {}  # many people never wrote one
        return mapping.mapping_at(answer, "value")
