"""A day of the demo played by a fake clock, with a desk that answers as a test wants."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from vivavoce.errors import NetworkError
from vivavoce.networks.base import Network
from vivavoce.networks.contract import answer, permit_for
from vivavoce.networks.demo import NETWORK
from vivavoce.networks.demo.story import Line, read
from vivavoce.posts import Deletion, Post

START = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)
PACE = 30
DAY_S = 9 * 3600 // PACE
AFTERMATH_S = 900


class FakeClock:
    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def connect(folder: Path, clock: FakeClock, *, seed: str = "1") -> Network:
    return NETWORK.connect({"folder": str(folder), "pace": str(PACE), "seed": seed}, clock=clock)


def line_of(post: Post) -> Line | None:
    """Return the line that a post is, not a reaction to an answer."""
    return read().lines.get(post.id.partition("/")[2])


class Day:
    """Listens the whole day; ``wait_s`` says how long the desk takes to answer a post, ``None`` that it never does."""

    def __init__(self, folder: Path, wait_s: Callable[[Post], float | None]) -> None:
        self.clock = FakeClock()
        self.network = connect(folder, self.clock)
        self.wait_s = wait_s
        self.heard: list[Post | Deletion] = []
        self.waiting: list[tuple[datetime, Post]] = []
        self.refused = 0

    def play(self, *, step_s: int = 2) -> list[str]:
        cursor: str | None = None
        for _ in range(0, DAY_S + AFTERMATH_S, step_s):
            batch = self.network.listen(cursor, wait_s_max=0.0)
            cursor = batch.cursor
            self.heard.extend(batch.events)
            for event in batch.events:
                self._note(event)
            for due, post in [item for item in self.waiting if item[0] <= self.clock.now]:
                self.waiting.remove((due, post))
                self._answer(post)
            self.clock.forward(step_s)
        self.network.close()
        return [event.text for event in self.heard if isinstance(event, Post)]

    def _note(self, event: Post | Deletion) -> None:
        wait_s = self.wait_s(event) if isinstance(event, Post) else None
        if isinstance(event, Post) and wait_s is not None:
            self.waiting.append((self.clock.now + timedelta(seconds=wait_s), event))

    def _answer(self, post: Post) -> None:
        try:
            self.network.send(permit_for(self.network.freeze(answer(post, "Anne."), created_at=self.clock.now)))
        except NetworkError as refusal:
            if not refusal.permanent:
                raise
            self.refused += 1
