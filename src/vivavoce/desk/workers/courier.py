"""The courier: the one thing that puts a reply on a network, by a permit from a stored and verified presence.

One reply at a time: claim, freeze, store, verify presence and link anew, have a permit issued for that very record,
send. After a try whose end is not known, and before every further try, it looks on the network first.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from django.db import DatabaseError, connections

from vivavoce.desk.replies import frozen, outbox
from vivavoce.desk.replies.models import Link
from vivavoce.desk.replies.presence import check_again
from vivavoce.desk.replies.problems import Problem
from vivavoce.desk.replies.verifying import holds
from vivavoce.desk.team.accounts import network_for
from vivavoce.desk.times import utc_now
from vivavoce.desk.workers.leases import owner_new
from vivavoce.errors import NetworkError, RefusedError, UnclearError, VivaVoceError
from vivavoce.networks.base import Standing
from vivavoce.networks.permit import issue

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from vivavoce.desk.inbox.models import Account
    from vivavoce.desk.replies.models import Reply
    from vivavoce.desk.replies.outbox import Held
    from vivavoce.networks.base import Clock, Network, Record, Sighting
    from vivavoce.networks.permit import Permit

log = structlog.get_logger()

POLL_S = 0.25
"""How often an idle courier looks into the outbox: one indexed query, and a reply leaves at once."""

LEASE_S = 180
"""Longer than freezing, looking and sending together, each within its network's own time limit."""

SWEEP_S = 15
"""How often what must not leave any more is given back."""

BACK_OFF_S_FIRST = 2.0
BACK_OFF_S_MAX = 300.0
"""Waiting doubles from the first to the last, less up to half by chance, so that replies do not return together."""

LOOK_S = 1.0
"""After an unclear try: networks show what arrived within a second or two."""

SETTLE_S = 3.0
"""What is not to be seen so long after an unclear try has not arrived; the frozen key guards against the rest."""

DATABASE_S = 1.0
"""Between two questions to a database that does not answer."""


@dataclass(slots=True)
class _Line:
    """The connection to one account's network, and until when it asked for quiet."""

    network: Network | None = None
    opened_with: tuple[object, str] | None = None
    quiet_until: datetime | None = None
    failures: int = 0


@dataclass(slots=True)
class Courier:
    """Takes replies from the outbox to their networks, one after the other."""

    clock: Clock = utc_now
    open_network: Callable[..., Network] = network_for
    chance: random.Random = field(default_factory=random.Random)
    owner: str = field(default_factory=owner_new)
    lease_s: float = LEASE_S
    settle_s: float = SETTLE_S
    lines: dict[int, _Line] = field(default_factory=dict)
    swept_at: datetime | None = None

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set."""
        try:
            while not stop.is_set():
                try:
                    idle_s = 0.0 if self.step() else POLL_S
                except DatabaseError as error:
                    log.warning("the database does not answer; the courier tries again", error=str(error))
                    connections.close_all()
                    idle_s = DATABASE_S
                stop.wait(idle_s)
        finally:
            self.close()
            connections.close_all()

    def step(self) -> bool:
        """Handle one reply; whether there was one."""
        now = self.clock()
        if self.swept_at is None or (now - self.swept_at).total_seconds() >= SWEEP_S:
            outbox.sweep(now=now)
            self.swept_at = now
        quiet = {pk for pk, line in self.lines.items() if line.quiet_until is not None and line.quiet_until > now}
        held = outbox.claim(owner=self.owner, lease_s=self.lease_s, now=now, avoid=frozenset(quiet))
        if held is None:
            return False
        self._handle(held)
        return True

    def close(self) -> None:
        """Let go of all connections."""
        for pk in list(self.lines):
            self._drop(pk)
        self.lines.clear()

    # One reply

    def _handle(self, held: Held) -> None:
        """Bring one reply a step further; whatever happens, it ends in a state that says so."""
        now = self.clock()
        reply = held.reply
        tried = reply.tries > 0
        why = outbox.stale(reply, now=now)
        if why is not None and not tried:
            outbox.returned(held, problem=why, now=now)
            return
        try:
            network = self._network(reply.conversation.account)
        except VivaVoceError as error:
            self._unreachable(held, error, late=why is not None)
            return
        if tried and not self._absent(held, network):
            return
        if why is not None:
            outbox.returned(held, problem=why, now=now)
            return
        record = self._frozen(held, network)
        if record is not None:
            self._send(held, network, record)

    def _frozen(self, held: Held, network: Network) -> Record | None:
        """Return the reply's record, frozen and stored; ``None`` when that ended its turn."""
        reply = held.reply
        try:
            if reply.record is not None:
                return frozen.record_of(reply.record, digest=reply.record_digest)
            record = network.freeze(frozen.words_of(reply), created_at=self.clock())
        except NetworkError as error:
            self._refused_or_later(held, error)
            return None
        except RefusedError as error:
            outbox.failed(held, problem=Problem.PRESENCE, detail=str(error), now=self.clock())
            return None
        return record if outbox.freeze_store(held, record) else None

    def _send(self, held: Held, network: Network, record: Record) -> None:
        try:
            permit = self._permit(held.reply, record)
        except VivaVoceError as error:
            log.exception("a reply's presence does not hold", reply=str(held.reply.pk))
            outbox.failed(held, problem=Problem.PRESENCE, detail=str(error), now=self.clock())
            return
        if not outbox.sending(held):
            return
        try:
            sighting = network.send(permit)
        except UnclearError as error:
            self._unclear(held, error.message)
        except NetworkError as error:
            self._refused_or_later(held, error)
        except RefusedError as error:
            outbox.failed(held, problem=Problem.PRESENCE, detail=str(error), now=self.clock())
        except Exception as error:
            log.exception("a network failed in its own way", network=network.name)
            self._unclear(held, repr(error))
        else:
            self._seen(held, network, sighting)

    def _permit(self, reply: Reply, record: Record) -> Permit:
        """Verify the stored presence and link anew, and have a permit issued for this very record."""
        if record.words != frozen.words_of(reply):
            message = "The frozen words are not the reply's own; nothing was sent."
            raise RefusedError(message)
        link = Link.objects.select_related("reply__presence", "reply__teammate", "reply__conversation__person")
        signed = link.filter(reply=reply, kind=Link.Kind.REPLY).first()
        if signed is None or not holds(signed):
            message = "The chain does not vouch for this reply; nothing was sent. Run `vivavoce verify`."
            raise RefusedError(message)
        presence = check_again(reply.presence, text=reply.text)
        return issue(record, presence, conversation=str(reply.conversation_id))

    # What the network says

    def _absent(self, held: Held, network: Network) -> bool:
        """Look whether a reply that was tried is there; whether it is not, and may be tried again now."""
        reply = held.reply
        unclear = held.interrupted or reply.unclear_since is not None
        try:
            sighting = network.find(frozen.record_of(reply.record or {}, digest=reply.record_digest))
        except NetworkError as error:
            self._cannot_tell(held, error, unclear=unclear)
            return False
        except RefusedError as error:
            outbox.person_decides(held, problem=Problem.UNCLEAR, detail=str(error), now=self.clock())
            return False
        self._line(reply.conversation.account_id).failures = 0
        if sighting.standing is not Standing.ABSENT:
            self._seen(held, network, sighting)
            return False
        since = reply.unclear_since or (self.clock() if held.interrupted else None)
        if since is not None and (self.clock() - since).total_seconds() < self.settle_s:
            self._unclear(held, reply.problem_detail)
            return False
        return True

    def _seen(self, held: Held, network: Network, sighting: Sighting) -> None:
        match sighting.standing:
            case Standing.PRESENT:
                outbox.delivered(held, sighting, author=network.account, now=self.clock())
                self._line(held.reply.conversation.account_id).failures = 0
            case Standing.OTHER_WORDS:
                outbox.person_decides(held, problem=Problem.OTHER_WORDS, detail=sighting.url, now=self.clock())
            case Standing.ABSENT:
                self._unclear(held, "")

    def _unclear(self, held: Held, detail: str) -> None:
        self._look_later(held, detail=detail, wait_s=min(LOOK_S, self.settle_s))

    def _look_later(self, held: Held, *, detail: str, wait_s: float) -> None:
        now = self.clock()
        since = held.reply.unclear_since or now
        outbox.look_later(held, since=since, at=now + timedelta(seconds=wait_s), detail=detail)

    def _cannot_tell(self, held: Held, error: VivaVoceError, *, unclear: bool) -> None:
        """The look itself failed: look later, until a person must."""
        now = self.clock()
        permanent = isinstance(error, NetworkError) and error.permanent
        since = held.reply.unclear_since or now
        long = (now - since).total_seconds() > outbox.UNCLEAR_S_MAX
        if permanent or long:
            outbox.person_decides(held, problem=Problem.UNCLEAR, detail=str(error), now=now)
            return
        wait_s = self._quiet(held.reply.conversation.account_id, error)
        if unclear or outbox.stale(held.reply, now=now) is not None:
            self._look_later(held, detail=str(error), wait_s=wait_s)
        else:
            outbox.later(held, at=now + timedelta(seconds=wait_s), detail=str(error))

    def _unreachable(self, held: Held, error: VivaVoceError, *, late: bool) -> None:
        """No connection: nothing was tried now; what was tried before must be looked at before anybody tells."""
        if held.reply.tries:
            self._cannot_tell(held, _lasting(error), unclear=held.interrupted or held.reply.unclear_since is not None)
        elif late:
            outbox.returned(held, problem=Problem.TOO_OLD, now=self.clock())
        else:
            wait_s = self._quiet(held.reply.conversation.account_id, error)
            outbox.later(held, at=self.clock() + timedelta(seconds=wait_s), detail=str(error))

    def _refused_or_later(self, held: Held, error: NetworkError) -> None:
        now = self.clock()
        if isinstance(error, UnclearError):
            self._unclear(held, error.message)
        elif error.permanent:
            outbox.failed(held, problem=Problem.REFUSED, detail=error.message, now=now)
        else:
            wait_s = self._quiet(held.reply.conversation.account_id, error)
            outbox.later(held, at=now + timedelta(seconds=wait_s), detail=error.message)

    # Connections

    def _line(self, account_id: int) -> _Line:
        return self.lines.setdefault(account_id, _Line())

    def _network(self, account: Account) -> Network:
        """Return the open network of an account; one whose settings changed is opened again."""
        line = self._line(account.pk)
        settings = (account.settings, account.sealed)
        if line.network is None or line.opened_with != settings:
            self._drop(account.pk)
            line.network = self.open_network(account, clock=self.clock)
            line.opened_with = settings
        return line.network

    def _drop(self, account_id: int) -> None:
        line = self._line(account_id)
        network, line.network = line.network, None
        if network is not None:
            try:
                network.close()
            except NetworkError as error:
                log.info("a network did not close well", error=str(error))

    def _quiet(self, account_id: int, error: VivaVoceError) -> float:
        """Leave an account's network alone, as long as it asked or ever longer; return the seconds."""
        line = self._line(account_id)
        line.failures += 1
        self._drop(account_id)
        grown_s = min(BACK_OFF_S_MAX, BACK_OFF_S_FIRST * 2.0 ** min(line.failures - 1, 20))
        wait_s = grown_s * (1 - self.chance.random() / 2)
        asked_s = error.retry_after_s if isinstance(error, NetworkError) else None
        if asked_s is not None:
            wait_s = max(asked_s, 0.0) + min(wait_s, BACK_OFF_S_FIRST)
        line.quiet_until = self.clock() + timedelta(seconds=wait_s)
        return wait_s


def _lasting(error: VivaVoceError) -> VivaVoceError:
    """A refused sign-in says nothing of a reply: somebody may put it right before a person must look."""
    return NetworkError(str(error)) if isinstance(error, NetworkError) and error.permanent else error


def run_courier(*, stop: threading.Event) -> None:
    """Send what teammates let leave, until ``stop`` is set."""
    Courier().run(stop)
