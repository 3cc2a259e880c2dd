"""Calls to one server of the AT Protocol: the session kept alive, every failure a ``NetworkError`` in plain words.

Answers are plain JSON, not the client's models: one odd record of a stranger must not spoil the page it stands on.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import httpx
from atproto_client.client.client import Client
from atproto_client.exceptions import (
    RateLimitExceededError,
    RequestErrorBase,
    UnauthorizedError,
)
from atproto_client.models.common import XrpcError
from atproto_client.models.dot_dict import DotDict
from atproto_client.request import Request
from atproto_core.exceptions import AtProtocolError

from vivavoce.errors import NetworkError, UnclearError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from atproto_client.request import Response

    from vivavoce.networks.base import Clock

ENTRYWAY_HOST = "bsky.social"
"""Signs in for many servers, and says in its answer on which one the account lives."""

CALL_S_MAX = 30.0
"""The public servers answer in well under a second; a slower one is not waited for longer than a teammate would."""

CONNECT_S_MAX = 10.0
"""A server that takes longer to pick up is away."""

RETRY_S = 300.0
"""When a server refuses with 429 and names no time: the length of its usual window."""

SERVER_TROUBLE = 500
REFUSED = 400

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
"""The request did not leave this machine, so there is nothing unclear about it."""

NOT_SERVED = frozenset({404, 501, 502})
NOT_FOUND = frozenset({"NotFound", "RecordNotFound", "RepoNotFound", "AccountNotFound"})
NO_RECORD = "Could not locate record"
"""How an AppView says, with a plain 400, that it has no such record."""

NO_SERVICE = "No service configured"
"""How a server says, with a plain 400, that it passes such calls to nobody."""

STALE_SESSION = frozenset({"ExpiredToken", "InvalidToken"})

Answer = TypeVar("Answer")


class AnswerError(NetworkError):
    """The server answered, and said no; ``status`` is HTTP's, ``name`` the protocol's."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        name: str,
        permanent: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, permanent=permanent, retry_after_s=retry_after_s)
        self.status = status
        self.name = name

    @property
    def gone(self) -> bool:
        """What was asked for does not exist, or does no longer."""
        return self.name in NOT_FOUND or NO_RECORD in self.message

    @property
    def no_appview(self) -> bool:
        """No AppView stands behind the server, or it is away: only ``com.atproto`` calls are answered."""
        return self.status in NOT_SERVED or NO_SERVICE in self.message


class Server:
    """One server, with or without a session.

    Args:
        service: the server's address.
        clock: tells how long a rate limit still lasts.
        call_s_max: how long to wait for an answer.
    """

    def __init__(self, service: str, *, clock: Clock, call_s_max: float = CALL_S_MAX) -> None:
        self.service = service
        self._call_s_max = call_s_max
        self.did = ""
        self.handle = ""
        self._clock = clock
        self._app_password = ""
        self._client = self._new_client()

    def sign_in(self, handle: str, app_password: str) -> None:
        """Open a session; it is kept alive from then on.

        Raises:
            NetworkError: permanent when handle or app password are not right.
        """
        self.handle, self._app_password = handle, app_password
        self._translated(lambda: self._client.login(handle, app_password, fetch_bsky_profile=False), nsid="sign-in")
        self._take_session()

    def close(self) -> None:
        """Let go of the connections."""
        self._client.request.close()

    def query(self, nsid: str, *, wait_s_max: float | None = None, **params: object) -> dict[str, Any]:
        """Call a query and return its JSON object.

        Raises:
            NetworkError: the server is away, refuses, or answers something else than an object.
        """
        given = DotDict({name: value for name, value in params.items() if value is not None})
        wait_s = self._call_s_max if wait_s_max is None else wait_s_max
        return self._called(
            lambda: self._client.invoke_query(nsid, params=given, timeout=wait_s, ignore_session_check=True), nsid
        )

    def create_record(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create a record, once.

        Raises:
            UnclearError: it may have been created all the same.
            NetworkError: it was certainly not created.
        """
        self._keep_session()
        content = json.dumps(body).encode()
        nsid = "com.atproto.repo.createRecord"

        def create() -> Response:
            return self._client.invoke_procedure(
                nsid, content=content, input_encoding="application/json", ignore_session_check=True
            )

        try:
            return self._with_fresh_session(lambda: _object(self._translated(create, nsid=nsid)))
        except AnswerError as error:
            if error.status >= SERVER_TROUBLE or error.status < REFUSED:
                raise UnclearError(_unclear(str(error)), retry_after_s=error.retry_after_s) from error
            raise
        except NetworkError as error:
            if isinstance(error.__cause__, NEVER_SENT):
                raise
            raise UnclearError(_unclear(str(error))) from error

    def _called(self, call: Callable[[], Response], nsid: str) -> dict[str, Any]:
        self._keep_session()
        return self._with_fresh_session(lambda: _object(self._translated(call, nsid=nsid)))

    def _keep_session(self) -> None:
        """Renew a session that is about to end, before the call that matters and apart from it."""
        if not self.did:
            return
        try:
            stale = self._client._should_refresh_session()  # noqa: SLF001 - the client has no public name for it
        except AtProtocolError:
            stale = False  # a token that only its server can read: the server will say when it is over
        if stale:
            self._renew()

    def _renew(self) -> None:
        try:
            self._translated(self._client._refresh_and_set_session, nsid="session")  # noqa: SLF001 - as above
        except AnswerError as error:
            if not error.permanent:
                raise
            self.close()
            self._client = self._new_client()
            self.sign_in(self.handle, self._app_password)
        self._take_session()

    def _take_session(self) -> None:
        session = self._client._session  # noqa: SLF001 - as above
        if session is None:
            message = f"{self._host} opened no session; check its address and the account."
            raise NetworkError(message)
        self.did, self.handle = session.did, session.handle
        if urlsplit(self.service).hostname != ENTRYWAY_HOST:
            self._client.update_base_url(self.service)  # what a person named is not left for what a document says

    def _with_fresh_session(self, call: Callable[[], Answer]) -> Answer:
        try:
            return call()
        except AnswerError as error:
            if not self.did or error.name not in STALE_SESSION:
                raise
        self._renew()
        return call()

    def _translated(self, call: Callable[[], Answer], *, nsid: str) -> Answer:
        """Make the call, and give every failure its decision."""
        try:
            return call()
        except RequestErrorBase as error:
            if error.response is None:
                cause = error.__cause__ or error
                message = f"{self._host} cannot be reached ({_kind(cause)}). Look at its address and the connection."
                raise NetworkError(message) from cause
            raise self._refusal(error, nsid) from error
        except httpx.HTTPError as error:
            message = f"The line to {self._host} broke ({_kind(error)}); the next try is on its way."
            raise NetworkError(message) from error
        except (AtProtocolError, ValueError) as error:
            message = (
                f"{self._host} answered something that is not the AT Protocol ({_kind(error)}); check its address."
            )
            raise NetworkError(message) from error

    def _refusal(self, error: RequestErrorBase, nsid: str) -> AnswerError:
        response = error.response
        status = response.status_code if response is not None else 0
        content = response.content if response is not None else None
        name = str(content.error or "") if isinstance(content, XrpcError) else ""
        said = str(content.message or name) if isinstance(content, XrpcError) else ""
        if isinstance(error, RateLimitExceededError):
            wait_s = self._wait_s(error)
            message = f"{self._host} asks for a pause of {wait_s:.0f} s: too many requests."
            return AnswerError(message, status=status, name=name, retry_after_s=wait_s)
        if nsid == "sign-in" and status < SERVER_TROUBLE:
            return AnswerError(_sign_in_words(self._host, name, said), status=status, name=name, permanent=True)
        if isinstance(error, UnauthorizedError):
            message = f"{self._host} does not allow this ({said or status}); check the account and its app password."
            return AnswerError(message, status=status, name=name, permanent=True)
        permanent = REFUSED <= status < SERVER_TROUBLE
        then = "it will be refused again as it is" if permanent else "the next try is on its way"
        message = f"{self._host} refused {nsid} ({status} {said}); {then}."
        return AnswerError(message, status=status, name=name, permanent=permanent)

    def _wait_s(self, error: RateLimitExceededError) -> float:
        if error.retry_after is not None:
            return float(error.retry_after)
        try:
            reset_at = error.reset_at
        except (OverflowError, OSError, ValueError):
            reset_at = None
        if reset_at is None:
            return RETRY_S
        return max(0.0, float((reset_at - self._clock()).total_seconds()))

    def _new_client(self) -> Client:
        timeout = httpx.Timeout(self._call_s_max, connect=min(CONNECT_S_MAX, self._call_s_max))
        return Client(self.service, request=Request(timeout=timeout))

    @property
    def _host(self) -> str:
        return urlsplit(self.service).hostname or self.service


def _object(response: Response) -> dict[str, Any]:
    if isinstance(response.content, dict):
        return response.content
    message = "The server answered without a JSON object; is this address a server of the AT Protocol?"
    raise NetworkError(message)


def _sign_in_words(host: str, name: str, said: str) -> str:
    if name == "AuthFactorTokenRequired":
        return f"{host} wants a code for this password: make an app password instead and give that one."
    if name == "AccountTakedown":
        return f"{host} has taken this account down; write to its moderators."
    return f"{host} does not know this handle and app password ({said or name}); check both, or make a new one."


def _unclear(reason: str) -> str:
    return f"It is not clear whether the reply arrived: {reason} We look on the network before another try."


def _kind(error: BaseException) -> str:
    return str(error) or type(error).__name__
