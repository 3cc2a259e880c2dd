"""``vivavoce doctor``: what is wrong, and what to do."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vivavoce.cli.frame import EXIT_FAILED, desk_ready
from vivavoce.cli.options import AsJson, Data  # noqa: TC001 # Typer reads the annotations
from vivavoce.desk.team.finding import Finding
from vivavoce.errors import VivaVoceError

if TYPE_CHECKING:
    from pathlib import Path

MARKS = {"ok": "[green]ok[/]", "look": "[yellow]look[/]", "wrong": "[red]wrong[/]"}


def doctor(*, as_json: AsJson = False, data: Data = None) -> None:
    """Check database, keys, chain, networks and clock, and say what to do. Exit code 1 when something is wrong."""
    findings = _findings(data)
    if as_json:
        typer.echo(json.dumps({"findings": [asdict(finding) for finding in findings]}, ensure_ascii=False))
    else:
        table = Table("", "What", "How it is", "What to do", box=None)
        for finding in findings:
            table.add_row(MARKS[finding.state], escape(finding.what), escape(finding.how), escape(finding.do))
        Console().print(table)
    if any(finding.state == "wrong" for finding in findings):
        sys.exit(EXIT_FAILED)


def _findings(data: Path | None) -> list[Finding]:
    try:
        desk_ready(data)
    except VivaVoceError as error:
        return [Finding("wrong", "start", str(error), "Put this right, then run `vivavoce doctor` again.")]
    from vivavoce.desk.team.doctor import examine

    return examine()
