"""The queue page at 10,000 and at 1,000,000 conversations, everybody waiting, on SQLite and PostgreSQL.

Goal: p95 under 100 ms at a million, and the same as at ten thousand. Measured is the whole page as Django serves it to
a teammate: the front, and a page that lies somewhere in the queue.
"""

# ruff: noqa: S608 - the statements are made of this file's own numbers

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent
SIZES = (10_000, 1_000_000)
REQUESTS = 100
STEP = 50_000
"""Rows in one statement while the queue is built."""

EPOCH = 1_795_000_000
"""Seconds since 1970 of the first due time: late in 2026."""


def main() -> None:
    """Measure both databases at both sizes and print a line for each."""
    from tests.servers.postgres import Postgres

    print(f"{'':12}{'conversations':>14}{'front p50/p95':>18}{'deep p50/p95':>18}{'built in':>10}")
    with Postgres(settings={"shared_buffers": "256MB"}) as server:
        for name in ("SQLite", "PostgreSQL"):
            for size in SIZES:
                found = _measured(server.create_database() if name == "PostgreSQL" else "", size)
                (front, front95), (deep, deep95) = found["front"], found["deep"]
                print(
                    f"{name:12}{size:>14,}{front:>10.0f} /{front95:>4.0f} ms{deep:>10.0f} /{deep95:>4.0f} ms"
                    f"{found['built_s']:>8.0f} s"
                )


def _measured(database: str, size: int) -> dict[str, list[float]]:
    with tempfile.TemporaryDirectory(prefix="vivavoce-bench-") as data:
        env = os.environ | {"VIVAVOCE_DATA": data, "VIVAVOCE_DATABASE": database, "VIVAVOCE_SECRET_KEY": "bench"}
        command = [sys.executable, "-m", "bench.queue", str(size)]
        told = subprocess.run(command, cwd=CHECKOUT, env=env, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(told.stdout)  # type: ignore[no-any-return]


def _build(size: int) -> None:
    """Fill the tables by statements of the database itself: one person, conversation, post and reading each."""
    from django.db import connection

    sqlite = connection.vendor == "sqlite"
    moment = f"datetime({EPOCH} + {{}}, 'unixepoch')" if sqlite else f"to_timestamp({EPOCH} + {{}})"
    uuid = "lower(hex(randomblob(16)))" if sqlite else "gen_random_uuid()"
    yes, no = ("1", "0") if sqlite else ("true", "false")
    statements = (
        f"""INSERT INTO inbox_person (id, name, pseudonym, created_at, waiting, lane, due_at, due_post_id)
        SELECT i, 'Person ' || i, {uuid}, {moment.format(0)}, {yes}, CASE WHEN i % 1000 = 0 THEN 0 ELSE 1 END,
        {moment.format("(i * 7919) % 1000003")}, NULL FROM n""",
        f"""INSERT INTO inbox_handle (id, person_id, network, remote_id, handle, name, avatar_url, says_automated)
        SELECT i, i, 'demo', 'did:plc:' || i, 'person' || i || '.test', 'Person ' || i, '', {no} FROM n""",
        f"""INSERT INTO inbox_conversation
        (id, account_id, person_id, root, opened_at, first_felt, last_felt, last_at)
        SELECT i, 1, i, 'at://post/' || i, {moment.format("i")}, 'negative', 'negative', {moment.format("i")} FROM n""",
        f"""INSERT INTO inbox_post (id, account_id, network, remote_id, version, author_id, conversation_id, ours, text,
        created_at, seen_at, stored_at, reply_to, root, root_version, visibility, addressed, languages, links, media,
        url, waits, lane, due_at, due_reason)
        SELECT i, 1, 'demo', 'at://post/' || i, 'v', i, i, {no}, 'Hello, my bill is wrong again, number ' || i,
        {moment.format("i")}, {moment.format("i")}, {moment.format("i")}, '', 'at://post/' || i, 'v', 'public',
        'mention', '[]', '[]', '[]', '', {yes}, CASE WHEN i % 1000 = 0 THEN 0 ELSE 1 END,
        {moment.format("(i * 7919) % 1000003")}, 'today' FROM n""",
        """INSERT INTO inbox_reading
        (post_id, record, reader, sentiment, emotion, cause, wants, urgency, needs_person, danger)
        SELECT i, '{"evidence": [], "urgency": {}}', 'bench', 'negative', 'anger', 'billing', 'repair', 'today',
        'true', 'false' FROM n""",
    )
    with connection.cursor() as cursor:
        for first in range(1, size + 1, STEP):
            last = min(first + STEP - 1, size)
            steps = f"SELECT CAST({first} AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i < {last}"
            series = f"WITH RECURSIVE n (i) AS ({steps})"
            for statement in statements:
                head, _space, rest = statement.partition("SELECT")
                cursor.execute(f"{head} {series} SELECT {rest}")
        cursor.execute("UPDATE inbox_person SET due_post_id = id")
        cursor.execute("ANALYZE" if sqlite else "VACUUM ANALYZE")


def _run(size: int) -> None:
    """Build, then ask for pages as a signed-in teammate; print what was measured."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "vivavoce.desk.settings"
    import django

    django.setup()
    from django.test import Client

    from vivavoce.desk import schema
    from vivavoce.desk.inbox.models import Account, Person
    from vivavoce.desk.inbox.places import Place
    from vivavoce.desk.team.models import Teammate

    schema.bring_up_to_date()
    Account.objects.create(pk=1, network="demo", remote_id="did:plc:brand")
    began = time.perf_counter()
    _build(size)
    built_s = time.perf_counter() - began
    client = Client(SERVER_NAME="localhost")
    client.force_login(Teammate.objects.create(username="bench"), "django.contrib.auth.backends.ModelBackend")
    chance = random.Random(7)
    people = Person.objects.in_bulk([chance.randint(1, size) for _number in range(REQUESTS)])
    places = [Place(person.lane, person.due_at, person.pk) for person in people.values() if person.due_at]
    found = {
        "front": _timed(client, [""] * REQUESTS),
        "deep": _timed(client, [f"?after={place}" for place in places]),
        "built_s": built_s,
    }
    print(json.dumps(found))


def _timed(client: object, addresses: list[str]) -> tuple[float, float]:
    """Return p50 and p95 in milliseconds; the first answers, which warm templates and plans, do not count."""
    from django.test import Client
    from django.urls import reverse

    assert isinstance(client, Client)
    took = []
    for address in [*addresses[:5], *addresses]:
        began = time.perf_counter()
        answer = client.get(reverse("waiting") + address)
        took.append(1000 * (time.perf_counter() - began))
        if answer.status_code != 200:
            message = f"The page answered {answer.status_code}"
            raise SystemExit(message)
    ordered = sorted(took[5:])
    return statistics.median(ordered), ordered[int(len(ordered) * 0.95)]


if __name__ == "__main__":
    _run(int(sys.argv[1])) if len(sys.argv) > 1 else main()
