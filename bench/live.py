"""Post to screen: 200 posts a second with 20 open screens, on SQLite in one process and on PostgreSQL in three.

Goal: p99 under one second, from when the desk stores a post until a screen has fetched the queue again with it.
The desk runs as a team runs it: ``vivavoce up`` over SQLite; ``web``, ``listen`` and ``courier`` over PostgreSQL. Each
screen does what the page's own script does: it holds one stream of signals, and when something changed it asks for the
page's moving part, at most every 400 ms. Screens and desk share the machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import httpx
from bench._stream import NAME, entry_point

CHECKOUT = Path(__file__).parent.parent
SCREENS = 20
POSTS_A_SECOND = 200
SECONDS = 20
WARM_S = 3
"""What comes first warms templates and plans, and does not count."""

POSTS = POSTS_A_SECOND * (WARM_S + SECONDS)
CALM_S = 0.4
"""At most one fetch of a screen in so long, as in ``refresh.js``."""

SPREAD_S = 0.2
"""Screens ask one after another, as in ``refresh.js``."""

FAREWELL_S = 3
CALL_S_MAX = 30
NUMBER = re.compile(r"\((\d{8})\)")
OPEN = {str(day): [["00:00", "23:59"]] for day in range(7)}
"""A team that is always there: due times then follow the posts', at whatever hour this runs."""


def main() -> None:
    """Measure both databases and print a line for each."""
    from tests.servers.postgres import Postgres

    print(f"{'':12}{'stored to screen p50/p99':>26}{'posted to screen p50/p99':>26}{'fetch p50/p99':>18}  fetches")
    with Postgres(settings={"fsync": "on", "shared_buffers": "256MB"}) as server:
        for name, database in (("SQLite", ""), ("PostgreSQL", server.create_database())):
            found = _measured(database)
            stored, posted, fetch = (_spread(found[part]) for part in ("stored", "posted", "fetch"))
            print(f"{name:12}{stored:>26}{posted:>26}{fetch:>18}{len(found['fetch']):>9}")


def _measured(database: str) -> dict[str, list[float]]:
    from tests.desk import Desk

    with tempfile.TemporaryDirectory(prefix="vivavoce-bench-") as temporary:
        folder = Path(temporary)
        entry_point(folder)
        path = os.pathsep.join([str(CHECKOUT), str(folder)])
        with Desk(folder / "desk", database=database, env={"PYTHONPATH": path}) as desk:
            link = desk.run("teammate", "add", "bench").strip()
            desk.run("connect", NAME, *(f"--set={name}={value}" for name, value in _settings(folder).items()))
            _ask_desk(desk.environment, "--open")
            if database:
                for command in ("listen", "courier"):
                    desk.start(command)
                desk.web()
            else:
                desk.up()
            desk.wait_until(lambda state: bool(state["networks"][0]["heard_at"]), within_s=CALL_S_MAX)
            began, screens = asyncio.run(_watch(desk.url, link, folder / "go"))
            return _latencies(began, screens, json.loads(_ask_desk(desk.environment, "--stored")))


def _settings(folder: Path) -> dict[str, str]:
    return {"path": str(folder), "a_second": str(POSTS_A_SECOND), "posts": str(POSTS)}


class Screen:
    """One open page: hears signals, fetches the queue again, and notes when it saw how far."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._changed = asyncio.Event()
        self.seen: list[tuple[float, float, int]] = []
        """When a fetch began and ended, in seconds since 1970, and the newest post on it."""

    async def hear(self) -> None:
        """Note what changed, until cancelled."""
        async with self._http.stream("GET", "/live/?topics=alerts,queue", timeout=None) as stream:
            async for line in stream.aiter_lines():
                if line in {"event: hello", "event: changed"}:
                    self._changed.set()

    async def refresh(self) -> None:
        """Fetch again whenever something changed, until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            await asyncio.sleep(random.random() * SPREAD_S)
            began = time.time()
            page = await self._http.get("/", headers={"X-Live": "1"})
            page.raise_for_status()
            newest = max(map(int, NUMBER.findall(page.text)), default=-1)
            self.seen.append((began, time.time(), newest))
            await asyncio.sleep(CALM_S)


async def _watch(url: str, link: str, go: Path) -> tuple[float, list[Screen]]:
    """Open the screens, then let the posts come; return when they began."""
    async with httpx.AsyncClient(base_url=url, follow_redirects=True, timeout=CALL_S_MAX) as http:
        await http.get(link)
        screens = [Screen(http) for _number in range(SCREENS)]
        work = [asyncio.ensure_future(part()) for screen in screens for part in (screen.hear, screen.refresh)]
        await asyncio.sleep(1)
        began = time.time()
        go.write_text(str(began))  # noqa: ASYNC240 - nothing else waits for this line
        done, _running = await asyncio.wait(
            work, timeout=WARM_S + SECONDS + FAREWELL_S, return_when=asyncio.FIRST_EXCEPTION
        )
        for one in work:
            one.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*done)
    return began, screens


def _latencies(began: float, screens: list[Screen], stored: dict[str, float]) -> dict[str, list[float]]:
    """Return in ms, for each post that counts and each screen, the time until the first page that was read with it."""
    found: dict[str, list[float]] = {"stored": [], "posted": [], "fetch": []}
    for screen in screens:
        found["fetch"] += [1000 * (end - start) for start, end, _newest in screen.seen]
        pages = iter(screen.seen)
        page = next(pages, None)
        for number in range(WARM_S * POSTS_A_SECOND, POSTS):
            while page is not None and page[2] < number:
                page = next(pages, None)
            if page is None:
                message = f"Post {number} of {POSTS} never came to a screen."
                raise SystemExit(message)
            found["stored"].append(1000 * (page[1] - stored[str(number)]))
            found["posted"].append(1000 * (page[1] - began - number / POSTS_A_SECOND))
    return found


def _spread(values: list[float]) -> str:
    ordered = sorted(values)
    return f"{statistics.median(ordered):.0f} / {ordered[int(len(ordered) * 0.99)]:.0f} ms"


def _ask_desk(environment: dict[str, str], what: str) -> str:
    """Run this file beside the desk, with the desk's database."""
    command = [sys.executable, "-m", "bench.live", what]
    return subprocess.run(command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


def _in_desk(what: str) -> None:
    import django

    django.setup()
    from vivavoce.desk.inbox.models import Post
    from vivavoce.desk.team.queries import rule

    if what == "--open":
        always = rule()
        always.hours = OPEN
        always.save()
    else:
        rows = Post.objects.filter(network=NAME).values_list("remote_id", "stored_at")
        print(json.dumps({post.partition("/")[2]: at.timestamp() for post, at in rows}))


if __name__ == "__main__":
    _in_desk(sys.argv[1]) if len(sys.argv) > 1 else main()
