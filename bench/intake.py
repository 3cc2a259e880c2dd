"""Posts stored per second (read, ranked, indexed) on SQLite and PostgreSQL, and a teammate's writes meanwhile.

Goal: 2,000 posts a second on two cores, while a teammate's form write has p99 under 150 ms. The teammate is a process
of its own, which on SQLite has to get the one writer from the machine.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vivavoce.posts import Post

CHECKOUT = Path(__file__).parent.parent
BATCH = 500
BATCHES_BEFORE = 20
"""The desk is not empty when it is measured."""

BATCHES = 10
ROUNDS = 5
WRITE_EVERY_S = 0.05
"""A busy team: twenty form writes a second."""

OPENINGS = (
    "Bonjour, toujours rien reçu depuis lundi",
    "Hello, my bill is wrong again",
    "Plus de chauffage ce matin",
    "Thank you so much for the quick help",
    "Comment changer mon adresse",
    "The app crashes whenever I open it",
)
ENDINGS = (
    "et personne ne répond au téléphone.",
    "and nobody answers the phone!",
    "Ma mère a 84 ans.",
    "What should I do?",
    "Merci d'avance 🙂",
    "I have been waiting for three weeks, this is a joke.",
)


def main() -> None:
    """Measure both databases and print a line for each."""
    from tests.servers.postgres import Postgres

    print(f"{'':12}{'posts/s':>9}{'(rounds)':>26}{'transaction p50/p99':>22}{'write p50/p99':>18}  writes")
    with Postgres(settings={"fsync": "on", "shared_buffers": "256MB"}) as server:
        for name, database in (("SQLite", ""), ("PostgreSQL", server.create_database())):
            found = _measured(database)
            rounds = ", ".join(f"{rate:,.0f}" for rate in found["rates"])
            print(
                f"{name:12}{statistics.median(found['rates']):>9,.0f}{f'({rounds})':>26}"
                f"{found['held'][0]:>12.0f} /{found['held'][1]:>4.0f} ms"
                f"{found['writes'][0]:>9.0f} /{found['writes'][1]:>4.0f} ms{found['count']:>7}"
            )


def _measured(database: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="vivavoce-bench-") as data:
        env = os.environ | {"VIVAVOCE_DATA": data, "VIVAVOCE_DATABASE": database, "VIVAVOCE_SECRET_KEY": "bench"}
        told = subprocess.run(
            [sys.executable, "-m", "bench.intake", "--machine"],
            cwd=CHECKOUT,
            env=env,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return json.loads(told.stdout)  # type: ignore[no-any-return]


def posts(count: int, start: int, chance: random.Random) -> tuple[Post, ...]:
    """Return posts as they come: mentions, replies to the brand, its own answers, and what was only overheard."""
    from vivavoce.posts import Addressed, Author, Post

    made: list[Post] = []
    for number in range(start, start + count):
        at = datetime(2026, 11, 23, 8, tzinfo=UTC) + timedelta(milliseconds=number)
        before = chance.choice(made[-50:]) if made and chance.random() < 0.3 else None
        ours = before is not None and not before.ours and chance.random() < 0.5
        author = "brand" if ours else f"person-{chance.randrange(start // 2 + count)}"
        overheard = not ours and before is None and chance.random() < 0.2
        made.append(
            Post(
                id=f"at://did:plc:{author}/app.bsky.feed.post/{number:013}",
                network="demo",
                author=Author(f"did:plc:{author}", f"{author}.test", author),
                text=f"{chance.choice(OPENINGS)}, {chance.choice(ENDINGS)} ({number})",
                created_at=at,
                seen_at=at,
                reply_to=before.id if before else None,
                root=before.root_id if before else None,
                addressed=Addressed.OVERHEARD if ours or overheard else Addressed.MENTION,
                ours=ours,
                languages=("fr",),
                version=f"bafy{number}",
            )
        )
    return tuple(made)


def _machine() -> None:
    """Take in batch after batch in this process while a teammate writes in another; print what was measured."""
    _django()
    from vivavoce.desk.inbox.intake import take_in
    from vivavoce.desk.inbox.models import Account
    from vivavoce.desk.inbox.reader import read_records
    from vivavoce.desk.workers.pace import PACE
    from vivavoce.networks.base import Batch

    account = Account.objects.create(network="demo", remote_id="did:plc:brand")
    chance, held = random.Random(7), []
    batches = iter([posts(BATCH, n * BATCH, chance) for n in range(BATCHES_BEFORE + ROUNDS * BATCHES)])

    @contextmanager
    def turn() -> Iterator[None]:
        with PACE.turn():
            began = time.perf_counter()
            yield
            held.append(time.perf_counter() - began)

    def one_batch() -> None:
        take_in(account, Batch(next(batches), "c"), now=datetime.now(UTC), reader=read_records, turn=turn)

    for _number in range(BATCHES_BEFORE):
        one_batch()
    held.clear()
    teammate = subprocess.Popen(
        [sys.executable, "-m", "bench.intake", "--teammate"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert teammate.stdout is not None
    teammate.stdout.readline()
    rates = []
    for _round in range(ROUNDS):
        began = time.perf_counter()
        for _number in range(BATCHES):
            one_batch()
        rates.append(BATCH * BATCHES / (time.perf_counter() - began))
    written = json.loads(teammate.communicate(input="stop\n")[0])
    print(json.dumps({"rates": rates, "held": _spread(held), "writes": _spread(written), "count": len(written)}))


def _teammate() -> None:
    """Correct labels through the desk's service until told to stop; print how long each took, in seconds."""
    _django()
    import select

    from vivavoce.desk.inbox.models import Post
    from vivavoce.desk.inbox.services import correct
    from vivavoce.desk.team.models import Teammate

    somebody = Teammate.objects.create(username="bench")
    choices = list(Post.objects.filter(waits=True).select_related("author")[:200])
    print("ready", flush=True)
    took, number = [], 0
    while not select.select([sys.stdin], [], [], WRITE_EVERY_S)[0]:
        number += 1
        value = ("hour", "today", "week")[number % 3]
        began = time.perf_counter()
        correct(
            post=choices[number % len(choices)], label="urgency", value=value, teammate=somebody, now=datetime.now(UTC)
        )
        took.append(time.perf_counter() - began)
    print(json.dumps(took), flush=True)


def _spread(seconds: list[float]) -> tuple[float, float]:
    """Return the median and the 99th percentile in milliseconds."""
    ordered = sorted(seconds)
    return 1000 * statistics.median(ordered), 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]


def _django() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "vivavoce.desk.settings"
    import django

    django.setup()
    from vivavoce.desk import schema

    schema.bring_up_to_date()


if __name__ == "__main__":
    {"--machine": _machine, "--teammate": _teammate}[sys.argv[1]]() if len(sys.argv) > 1 else main()
