"""``vivavoce verify``: is the record of who spoke whole?"""

from __future__ import annotations

import json
import sys
from collections import Counter

import typer
from rich.console import Console

from vivavoce.cli.frame import EXIT_FAILED, desk_ready
from vivavoce.cli.options import AsJson, Data  # noqa: TC001 # Typer reads the annotations

SHOWN_MAX = 50
"""Broken links said one by one; what broke fifty times needs no more examples."""


def verify(*, as_json: AsJson = False, data: Data = None) -> None:
    """Check each link of the chain of replies: whole, erased, or broken and why. Exit code 1 when one is broken."""
    desk_ready(data)
    from vivavoce.desk.replies.verifying import State, chain_head, verify_chain

    counts: Counter[str] = Counter()
    broken: list[dict[str, object]] = []
    for finding in verify_chain():
        counts[finding.state] += 1
        if finding.state == State.BROKEN and len(broken) < SHOWN_MAX:
            broken.append({"number": finding.number, "kind": finding.kind, "why": finding.why})
    links = {state.value: counts[state] for state in State}
    number, last = chain_head()
    if as_json:
        head = {"number": number, "hash": last}
        typer.echo(json.dumps({**links, "findings": broken, "head": head}, ensure_ascii=False))
    else:
        out = Console(highlight=False, soft_wrap=True)
        for each in broken:
            out.print(f"link {each['number']} {each['kind']}: broken. {each['why']}", style="red", markup=False)
        out.print(", ".join(f"{count} {state}" for state, count in links.items()))
        out.print(f"head: link {number}, {last}. Keep this line elsewhere: it shows a chain that was cut off.")
    if broken:
        sys.exit(EXIT_FAILED)
