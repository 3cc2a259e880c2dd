"""A network behind real sockets, slow enough that a killed process is often in the middle of talking to it."""

import http.client
import json
import random
import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from vivavoce.errors import NetworkError, UnclearError
from vivavoce.networks.base import Batch, Capabilities, Record, Sighting, Standing, Words
from vivavoce.networks.permit import Permit, spend
from vivavoce.posts import Addressed, Author, Post

NAME = "demo"  # a name that the desk knows; nothing else of the demo is used
BRAND = Author(id="brand", handle="brand")
CALL_S_MAX = 10
SLOW_S_MAX = 0.02
"""Before and after what a request does: a kill falls into each of these."""

EVENTS_MAX = 20
"""Small batches, so that a kill falls between them."""


@dataclass
class SlowServer:
    """What stands on the network, in the test's own process: the workers die, it does not."""

    chance: random.Random
    standing: dict[str, str] = field(default_factory=dict)
    arrivals: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    def __enter__(self) -> Self:
        world = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                world.pause()
                kind, _slash, rest = self.path.strip("/").partition("/")
                self.answer(world.standing.get(rest) if kind == "find" else world.events[int(rest) :][:EVENTS_MAX])

            def do_PUT(self) -> None:
                world.pause()
                words = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.answer(world.put(self.path.strip("/"), words["text"], words["reply_to"]))

            def answer(self, value: object) -> None:
                world.pause()
                body = json.dumps(value).encode()
                try:
                    self.send_response(HTTPStatus.OK)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    return  # the worker was killed while it waited

            def log_message(self, *_parts: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        """Where it listens, on loopback."""
        port: int = self._server.server_address[1]
        return port

    def pause(self) -> None:
        """Take some time, as networks do."""
        time.sleep(self.chance.random() * SLOW_S_MAX)

    def put(self, key: str, text: str, reply_to: str) -> bool:
        """Let a record stand; another one under the same key changes nothing, as on Bluesky."""
        with self._lock:
            if key in self.standing:
                return False
            self.standing[key] = text
            self.arrivals.append(text)
            self._tell(f"post/{key}", "brand", text, reply_to)
            return True

    def somebody_writes(self, number: int) -> None:
        """Let a new person write to the brand."""
        with self._lock:
            self._tell(f"post/p{number}", f"person/{number}", f"Message {number} : il fait froid chez moi.", "")

    def _tell(self, name: str, who: str, text: str, reply_to: str) -> None:
        at = datetime.now(UTC).isoformat()
        self.events.append({"id": name, "who": who, "text": text, "reply_to": reply_to, "at": at})


class SlowNetwork:
    """One connection to a ``SlowServer``."""

    name = NAME
    account = BRAND
    capabilities = Capabilities(public=True, private=True, edit=True, delete=True, media=False, characters_max=300)

    def __init__(self, port: int) -> None:
        self._port = port

    def listen(self, cursor: str | None, *, wait_s_max: float) -> Batch:  # noqa: ARG002 - a quick network
        start = int(cursor or 0)
        events = self._ask("GET", f"/events/{start}")
        posts = tuple(_post(event) for event in events)
        return Batch(posts, str(start + len(posts)), wait_s=0.0 if posts else 0.01)

    def thread(self, post_id: str) -> tuple[Post, ...]:  # noqa: ARG002 - nobody asks
        return ()

    def length(self, text: str) -> int:
        return len(text)

    def freeze(self, words: Words, *, created_at: datetime) -> Record:
        payload = json.dumps({"text": words.text, "reply_to": words.reply_to})
        return Record(NAME, BRAND.id, secrets.token_hex(8), created_at, words, payload)

    def find(self, record: Record) -> Sighting:
        text = self._ask("GET", f"/find/{quote(record.key)}")
        if text is None:
            return Sighting(Standing.ABSENT)
        standing = Standing.PRESENT if text == record.words.text else Standing.OTHER_WORDS
        return Sighting(standing, id=f"post/{record.key}", version="1")

    def send(self, permit: Permit) -> Sighting:
        record = spend(permit, network=NAME, account=BRAND.id)
        self._ask("PUT", f"/{quote(record.key)}", record.payload)
        return self.find(record)

    def close(self) -> None:
        return

    def _ask(self, method: str, path: str, body: str = "") -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=CALL_S_MAX)
        try:
            connection.request(method, path, body.encode())
            return json.loads(connection.getresponse().read())
        except (OSError, ValueError, http.client.HTTPException) as error:
            if method == "PUT":
                message = "The answer got lost."
                raise UnclearError(message) from error
            message = "The server does not answer."
            raise NetworkError(message) from error
        finally:
            connection.close()


def _post(event: dict[str, Any]) -> Post:
    ours = event["who"] == BRAND.id
    return Post(
        id=event["id"],
        network=NAME,
        author=BRAND if ours else Author(id=event["who"], handle=event["who"]),
        text=event["text"],
        created_at=datetime.fromisoformat(event["at"]),
        seen_at=datetime.fromisoformat(event["at"]),
        reply_to=event["reply_to"] or None,
        root=event["reply_to"] or None,
        addressed=Addressed.REPLY if ours else Addressed.MENTION,
        ours=ours,
        version="1",
    )
