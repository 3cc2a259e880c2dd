"""A reverse proxy before a real server that can be told to fail the next requests in the ways servers do."""

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit

UPSTREAM_S_MAX = 60  # longer than any client under test waits
SILENCE_S_MAX = 60  # a hung request ends by itself, so that no test run waits for ever
HOP_HEADERS = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host", "te", "upgrade"})

Way = Literal["answer", "drop", "hang"]


@dataclass(slots=True)
class Fault:
    """What happens to the next `times` requests whose path contains `path`."""

    path: str
    times: int
    way: Way
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that came in: the upstream's or the fault's status; 0 when the client got no answer."""

    method: str
    path: str
    status: int
    forwarded: bool


class FaultProxy:
    """An HTTP proxy on loopback before one server; forwards everything until told otherwise.

    Args:
        upstream_url: address of the real server, `http://localhost:<port>`.
    """

    def __init__(self, upstream_url: str) -> None:
        upstream = urlsplit(upstream_url)
        self._upstream = (upstream.hostname or "localhost", upstream.port or 80)
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self.closing = threading.Event()
        self.seen: list[Seen] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def rate_limit(self, path: str, *, times: int = 1, retry_after_s: int = 1) -> None:
        """Answer 429 with `Retry-After` and the `ratelimit-*` headers that a PDS sends; nothing is forwarded."""
        headers = {
            "Retry-After": str(retry_after_s),
            "ratelimit-limit": "3000",
            "ratelimit-remaining": "0",
            "ratelimit-reset": str(int(time.time()) + retry_after_s),
            "ratelimit-policy": "3000;w=300",
        }
        self._add(Fault(path, times, "answer", 429, headers, _error("RateLimitExceeded", "Rate Limit Exceeded")))

    def fail(self, path: str, *, times: int = 1, status: int = 500) -> None:
        """Answer with a server's error; nothing is forwarded."""
        self._add(Fault(path, times, "answer", status, {}, _error("InternalServerError", "Internal Server Error")))

    def drop_answer(self, path: str, *, times: int = 1) -> None:
        """Forward the request, let the server do it, then cut the line instead of answering."""
        self._add(Fault(path, times, "drop"))

    def hang(self, path: str, *, times: int = 1) -> None:
        """Forward the request, let the server do it, then say nothing until the client gives up."""
        self._add(Fault(path, times, "hang"))

    def heal(self) -> None:
        """Forget every fault that has not happened yet."""
        with self._lock:
            self._faults.clear()

    def count(self, path: str) -> int:
        """Return how many requests came in whose path contains `path`."""
        with self._lock:
            return sum(path in seen.path for seen in self.seen)

    def close(self) -> None:
        """End the proxy and every request that hangs in it."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(UPSTREAM_S_MAX)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def take_fault(self, path: str) -> Fault | None:
        """Return the oldest fault for a path and count it down."""
        with self._lock:
            for fault in self._faults:
                if fault.path in path and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    def note(self, seen: Seen) -> None:
        """Remember a request."""
        with self._lock:
            self.seen.append(seen)

    def forward(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Send a request on and return status, headers and body; 502 when the server is away."""
        connection = http.client.HTTPConnection(*self._upstream, timeout=UPSTREAM_S_MAX)
        try:
            kept = {name: value for name, value in headers.items() if name.lower() not in HOP_HEADERS}
            connection.request(method, path, body=body or None, headers=kept)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        except (OSError, http.client.HTTPException) as error:
            return 502, [("Content-Type", "application/json")], _error("UpstreamFailure", str(error))
        finally:
            connection.close()


def _error(name: str, message: str) -> bytes:
    return json.dumps({"error": name, "message": message}).encode()


def _handler(proxy: FaultProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.close_connection = True  # each request meets its own fate
            fault = proxy.take_fault(self.path)
            if fault is not None and fault.way == "answer":
                proxy.note(Seen(self.command, self.path, fault.status, forwarded=False))
                headers = [("Content-Type", "application/json"), *fault.headers.items()]
                self.answer(fault.status, headers, fault.body)
                return
            status, headers, answer = proxy.forward(self.command, self.path, dict(self.headers), body)
            proxy.note(Seen(self.command, self.path, 0 if fault else status, forwarded=True))
            if fault is None:
                self.answer(status, headers, answer)
            elif fault.way == "hang":
                proxy.closing.wait(SILENCE_S_MAX)

        do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 - http.server's names

        def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            with contextlib.suppress(OSError):  # the client gave up meanwhile
                self.send_answer(status, headers, body)

        def send_answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in HOP_HEADERS:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Say nothing: `seen` is the record."""

    return Handler
