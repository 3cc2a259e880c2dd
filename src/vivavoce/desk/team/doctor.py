"""The examination behind ``vivavoce doctor``."""

from __future__ import annotations

import shutil
from email.utils import parsedate_to_datetime

import httpx
from django.conf import settings
from django.db import connection

from vivavoce.desk import keys
from vivavoce.desk.replies.models import Head
from vivavoce.desk.team import queries
from vivavoce.desk.team.accounts import network_for
from vivavoce.desk.team.finding import Finding
from vivavoce.desk.times import utc_now
from vivavoce.errors import VivaVoceError

SKEW_S_MAX = 30
"""Passkeys and rate limits bear half a minute; beyond it due times begin to lie."""

DISK_BYTES_MIN = 500 * 1024 * 1024
"""A day of a busy stream, with its indexes."""

ASK_S_MAX = 5


def examine() -> list[Finding]:
    """Look at everything; never raises for what it finds."""
    return [_database(), _disk(), _keys(), _chain(), _teammates(), *_networks(), _clock()]


def _database() -> Finding:
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        return Finding("ok", "database", "SQLite in the data folder", "For a team on several machines: PostgreSQL.")
    version = connection.pg_version  # type: ignore[attr-defined] # PostgreSQL's wrapper has it
    return Finding("ok", "database", f"PostgreSQL {version // 10_000}")


def _disk() -> Finding:
    free = shutil.disk_usage(settings.DATA).free
    how = f"{free / 2**30:.1f} GiB free beside {settings.DATA}"
    return Finding("ok", "disk", how) if free > DISK_BYTES_MIN else Finding("wrong", "disk", how, "Make room.")


def _keys() -> Finding:

    folder = keys.folder()
    loose = [path.name for path in folder.iterdir() if path.stat().st_mode & 0o077]
    if loose:
        return Finding("wrong", "keys", f"others may read {', '.join(loose)}", f"chmod -R go= {folder}")
    backup = "Keep a copy elsewhere: without them no account opens and no new link can be signed."
    where = folder.relative_to(settings.DATA) if folder.is_relative_to(settings.DATA) else folder
    return Finding("ok", "keys", f"{where}, readable by their owner alone", backup)


def _chain() -> Finding:
    number = Head.objects.values_list("number", flat=True).first() or 0
    return Finding("ok", "chain", f"{number} links", "`vivavoce verify` checks each of them." if number else "")


def _teammates() -> Finding:
    active = [one for one in queries.teammates() if one.is_active]
    able = [one for one in active if queries.can_sign_in(one)]
    if not able:
        return Finding("look", "teammates", "nobody can sign in yet", "`vivavoce up` prints a link that signs in once.")
    duty = sum(one.on_duty for one in active)
    do = "" if duty else "Let somebody be on duty, or danger alerts nobody."
    return Finding("ok" if duty else "look", "teammates", f"{len(able)} can sign in, {duty} on duty", do)


def _networks() -> list[Finding]:
    found = []
    for account in queries.accounts():
        what = f"{account.network} {account.handle}".strip()
        try:
            network_for(account, clock=utc_now).close()
        except VivaVoceError as error:
            found.append(Finding("wrong", what, str(error), "See the networks page."))
        else:
            heard = f", heard {account.heard_at:%Y-%m-%d %H:%M} UTC" if account.heard_at else ""
            state = "look" if account.problem else "ok"
            found.append(Finding(state, what, f"connects{heard}", account.problem))
    return found or [Finding("look", "networks", "none connected", "`vivavoce connect bluesky`, or the networks page.")]


def _clock() -> Finding:
    """Hold this machine's clock against the time that the account's own server says."""
    services = [account.settings.get("service") for account in queries.accounts()]
    service = next((service for service in services if service), "https://bsky.social")
    try:
        answer = httpx.head(service, timeout=ASK_S_MAX)
        skew = abs((parsedate_to_datetime(answer.headers["Date"]) - utc_now()).total_seconds())
    except (httpx.HTTPError, httpx.InvalidURL, KeyError, ValueError):
        return Finding(
            "look", "clock", f"not compared: {service} does not answer", "Look that this machine keeps time (NTP)."
        )
    how = f"{skew:.0f} s from {service}"
    return Finding("ok", "clock", how) if skew <= SKEW_S_MAX else Finding("wrong", "clock", how, "Set the clock (NTP).")
