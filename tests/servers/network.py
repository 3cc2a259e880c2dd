"""A whole local Bluesky: directory of identities, PDS and AppView with its PostgreSQL database."""

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from tests.servers.pds import Account, Pds, Plc, Ref, node_process
from tests.servers.process import ServerFailedError, free_port

SEEN_S_MAX = 30  # the AppView hears of a post in 0.2 s; after a PDS came back it reconnects within seconds
POLL_S = 0.05

Found = TypeVar("Found")


class Network:
    """A PDS with an AppView behind it; `pds` may be stopped, killed and restarted.

    Args:
        folder: an empty folder for data and logs.
        plc: the directory of identities.
        postgres_dsn: an empty database with pg_trgm at hand.
    """

    def __init__(self, folder: Path, *, plc: Plc, postgres_dsn: str) -> None:
        pds_port = free_port()
        config = {
            "port": free_port(),
            "plcUrl": plc.url,
            "pdsPort": pds_port,
            "pdsUrl": f"http://localhost:{pds_port}",
            "postgresUrl": postgres_dsn,
        }
        self._app_view = node_process("appview.mjs", config, folder / "appview.log")
        try:
            self.app_view_url: str = self._app_view.facts["url"]
            self.pds = Pds(folder, plc_url=plc.url, port=pds_port, app_view=self._app_view.facts)
            self.create_account("first-of-all")  # the AppView has found the PDS when it knows somebody of it
        except BaseException:
            self._app_view.stop()
            raise

    @property
    def url(self) -> str:
        """The address to sign in at: the PDS, which passes `app.bsky.*` calls on to the AppView."""
        return self.pds.url

    def create_account(self, handle: str, *, password: str | None = None) -> Account:
        """Make an account on the PDS and wait until the AppView knows it."""
        account = self.pds.create_account(handle, password=password)
        self.wait_for(lambda: self.pds.query("app.bsky.actor.getProfile", account, actor=account.did))
        return account

    def notifications(self, account: Account) -> list[dict[str, Any]]:
        """Return the newest notifications of an account."""
        found: list[dict[str, Any]] = self.pds.query("app.bsky.notification.listNotifications", account)[
            "notifications"
        ]
        return found

    def wait_for_post(self, account: Account, ref: Ref) -> dict[str, Any]:
        """Wait until the AppView shows a post, and return its view."""

        def look() -> dict[str, Any] | None:
            posts = self.pds.query("app.bsky.feed.getPosts", account, uris=[ref.uri])["posts"]
            return posts[0] if posts else None

        return self.wait_for(look)

    def wait_for(self, look: Callable[[], Found | None]) -> Found:
        """Call `look` until it finds something; an HTTP error counts as nothing found."""
        deadline = time.monotonic() + SEEN_S_MAX
        while True:
            try:
                if found := look():
                    return found
                error: Exception | None = None
            except httpx.HTTPError as caught:
                error = caught
            if time.monotonic() > deadline:
                message = f"the AppView did not follow within {SEEN_S_MAX} s: {error}\n{self._app_view.log_tail()}"
                raise ServerFailedError(message) from error
            time.sleep(POLL_S)

    def close(self) -> None:
        """End PDS and AppView."""
        self.pds.close()
        self._app_view.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
