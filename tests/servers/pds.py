"""A real Bluesky personal data server (PDS): accounts, posts, blobs, firehose; alone, no notifications."""

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.servers import node
from tests.servers.process import Process, free_port

CALL_S_MAX = 30  # a call to a local server under a loaded test run


@dataclass(frozen=True, slots=True)
class Account:
    """An account made for a test, with the session that making it opened."""

    handle: str
    did: str
    email: str
    password: str
    access_jwt: str
    refresh_jwt: str


@dataclass(frozen=True, slots=True)
class Ref:
    """A record as others point at it."""

    uri: str
    cid: str

    @property
    def rkey(self) -> str:
        """The record's key, the last part of its address."""
        return self.uri.rsplit("/", 1)[1]

    def json(self) -> dict[str, str]:
        """Return the strong reference of the protocol."""
        return {"uri": self.uri, "cid": self.cid}


def node_process(script: str, config: dict[str, Any], log: Path) -> Process:
    """Start a script of tests/servers/node; its facts are what it printed when ready."""
    node.install()
    command = [
        str(node.executable()),
        "--require",
        str(node.FOLDER / "loopback.cjs"),
        str(node.FOLDER / script),
        json.dumps(config),
    ]
    return Process(command, log=log)


class Plc:
    """The directory of identities, in memory; it outlives the PDS that a test kills."""

    def __init__(self, folder: Path) -> None:
        self._process = node_process("plc.mjs", {"port": free_port()}, folder / "plc.log")
        self.url: str = self._process.facts["url"]

    @property
    def pid(self) -> int:
        """The pid of the running server."""
        return self._process.pid

    def stop(self) -> None:
        """End the directory; its identities are gone."""
        self._process.stop()


class Pds:
    """A PDS on a port and a data folder that stay the same when it is started again.

    Args:
        folder: an empty folder for its databases, blobs and logs.
        plc_url: address of the directory of identities.
        port: port on 127.0.0.1; a free one when not given.
        app_view: address and DID of an AppView to pass `app.bsky.*` calls to.
    """

    def __init__(
        self, folder: Path, *, plc_url: str, port: int | None = None, app_view: dict[str, str] | None = None
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://localhost:{self.port}"  # as its own DID document says
        self.folder = folder
        self._config = {
            "port": self.port,
            "folder": str(folder),
            "plcUrl": plc_url,
            "rotationKeyHex": secrets.token_bytes(32).hex(),
            "jwtSecret": secrets.token_hex(16),
            "adminPassword": secrets.token_hex(16),
            "appView": app_view,
        }
        self._process: Process | None = None
        self._http = httpx.Client(base_url=self.url, timeout=CALL_S_MAX)
        self.start()

    @property
    def firehose_url(self) -> str:
        """The websocket address of the firehose, without a cursor."""
        return f"ws://localhost:{self.port}/xrpc/com.atproto.sync.subscribeRepos"

    @property
    def pid(self) -> int:
        """The pid of the running server."""
        assert self._process is not None, "the PDS is stopped"
        return self._process.pid

    def start(self) -> None:
        """Start the server and wait until it answers; nothing happens when it runs."""
        if self._process is None or not self._process.running():
            self._process = node_process("pds.mjs", self._config, self.folder / "pds.log")

    def stop(self) -> None:
        """End the server politely; its data stay."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def kill(self) -> None:
        """End the server as a power cut would; its data stay as they are at that moment."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def restart(self) -> None:
        """Stop, then start again on the same port and data."""
        self.stop()
        self.start()

    def close(self) -> None:
        """End the server and the connections to it for good."""
        self._http.close()
        self.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def query(self, nsid: str, account: Account | None = None, **params: Any) -> dict[str, Any]:
        """Call an XRPC query (GET) and return its JSON; httpx.HTTPStatusError when the server says no."""
        return self._answer(self._http.get(f"/xrpc/{nsid}", params=params, headers=_bearer(account)))

    def procedure(self, nsid: str, account: Account | None = None, **body: Any) -> dict[str, Any]:
        """Call an XRPC procedure (POST) with a JSON body and return its JSON; errors as in `query`."""
        return self._answer(self._http.post(f"/xrpc/{nsid}", json=body, headers=_bearer(account)))

    @staticmethod
    def _answer(response: httpx.Response) -> dict[str, Any]:
        if response.is_error:
            message = f"{response.request.url}: {response.status_code} {response.text}"
            raise httpx.HTTPStatusError(message, request=response.request, response=response)
        answer: dict[str, Any] = response.json() if response.content else {}
        return answer

    def create_account(self, handle: str, *, password: str | None = None) -> Account:
        """Make an account; `handle` without a dot gets `.test` behind it."""
        handle = handle if "." in handle else f"{handle}.test"
        email = f"{handle.replace('.', '-')}@example.test"
        password = password or secrets.token_urlsafe(12)
        made = self.procedure("com.atproto.server.createAccount", handle=handle, email=email, password=password)
        return Account(handle, made["did"], email, password, made["accessJwt"], made["refreshJwt"])

    def create_app_password(self, account: Account, name: str = "viva voce") -> str:
        """Make an app password, which is what the desk signs in with."""
        made = self.procedure("com.atproto.server.createAppPassword", account, name=name)
        password: str = made["password"]
        return password

    def create_record(
        self, account: Account, collection: str, record: dict[str, Any], *, rkey: str | None = None
    ) -> Ref:
        """Write a record into the account's repository."""
        chosen = {} if rkey is None else {"rkey": rkey}
        made = self.procedure(
            "com.atproto.repo.createRecord",
            account,
            repo=account.did,
            collection=collection,
            record={"$type": collection, **record},
            **chosen,
        )
        return Ref(made["uri"], made["cid"])

    def put_record(self, account: Account, collection: str, rkey: str, record: dict[str, Any]) -> Ref:
        """Write a record under a key, over what is there."""
        body = {"$type": collection, **record}
        made = self.procedure(
            "com.atproto.repo.putRecord",
            account,
            repo=account.did,
            collection=collection,
            rkey=rkey,
            record=body,
        )
        return Ref(made["uri"], made["cid"])

    def upload_blob(self, account: Account, content: bytes, mime_type: str) -> dict[str, Any]:
        """Upload a file and return the blob as a record refers to it."""
        headers = {**_bearer(account), "Content-Type": mime_type}
        response = self._http.post("/xrpc/com.atproto.repo.uploadBlob", content=content, headers=headers)
        blob: dict[str, Any] = self._answer(response)["blob"]
        return blob

    def post(
        self,
        account: Account,
        text: str,
        *,
        parent: Ref | None = None,
        root: Ref | None = None,
        mentions: tuple[Account, ...] = (),
        **more: Any,
    ) -> Ref:
        """Post as an account; each of `mentions` is a link on its first `@handle` in the text.

        A reply names its `parent`, and the thread's `root` where that is another post. `more` goes into the
        record as it is (`langs`, `embed`, `createdAt`).
        """
        record: dict[str, Any] = {"text": text, "createdAt": now_text(), **more}
        if parent is not None:
            record["reply"] = {"root": (root or parent).json(), "parent": parent.json()}
        if mentions:
            record["facets"] = [_mention(text, account) for account in mentions]
        return self.create_record(account, "app.bsky.feed.post", record)

    def delete(self, account: Account, ref: Ref) -> None:
        """Delete a record of the account."""
        collection, rkey = ref.uri.split("/")[-2:]
        self.procedure("com.atproto.repo.deleteRecord", account, repo=account.did, collection=collection, rkey=rkey)

    def records(self, account: Account, collection: str = "app.bsky.feed.post") -> list[dict[str, Any]]:
        """Return up to 100 records of a collection, newest first, each with `uri`, `cid` and `value`."""
        found = self.query("com.atproto.repo.listRecords", repo=account.did, collection=collection, limit=100)
        records: list[dict[str, Any]] = found["records"]
        return records


def now_text() -> str:
    """Return the present moment as AT Protocol writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _bearer(account: Account | None) -> dict[str, str]:
    return {} if account is None else {"Authorization": f"Bearer {account.access_jwt}"}


def _mention(text: str, account: Account) -> dict[str, Any]:
    start = len(text[: text.index(f"@{account.handle}")].encode())
    return {
        "index": {"byteStart": start, "byteEnd": start + len(f"@{account.handle}".encode())},
        "features": [{"$type": "app.bsky.richtext.facet#mention", "did": account.did}],
    }
