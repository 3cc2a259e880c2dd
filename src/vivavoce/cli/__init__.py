"""The command line: one module a command, each a plain function with Typer's annotations."""

from __future__ import annotations

from typing import Annotated

import typer

from vivavoce import __version__
from vivavoce.cli import connect, courier, doctor, import_, listen, read, teammate, up, verify, web
from vivavoce.cli.frame import plain_errors

app = typer.Typer(
    name="vivavoce",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "A social desk for care and community teams. **Machines listen, sort and measure; only people speak.**\n\n"
        "Start with `vivavoce up --demo` and open the link it prints. "
        "Then `vivavoce connect bluesky`, or `vivavoce import FILE` for what you have already."
    ),
)

THE_DESK = "The desk"
THE_PARTS = "Its parts, as separate processes over PostgreSQL"
DATA_AND_PROOF = "Data and proof"

app.command(rich_help_panel=THE_DESK)(up.up)
app.command(rich_help_panel=THE_DESK)(connect.connect)
app.add_typer(teammate.app, name="teammate", rich_help_panel=THE_DESK)
app.command(rich_help_panel=THE_DESK)(doctor.doctor)
app.command(rich_help_panel=THE_PARTS)(web.web)
app.command(rich_help_panel=THE_PARTS)(listen.listen)
app.command(rich_help_panel=THE_PARTS)(courier.courier)
app.command("import", rich_help_panel=DATA_AND_PROOF)(import_.import_)
app.command(rich_help_panel=DATA_AND_PROOF)(read.read)
app.command(rich_help_panel=DATA_AND_PROOF)(verify.verify)


def _say_version(asked: bool) -> None:  # noqa: FBT001 # Typer's callback signature
    if asked:
        typer.echo(f"vivavoce {__version__}")
        raise typer.Exit


@app.callback()
def common(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Take the options that stand before any command."""


def main() -> None:
    """Run the command line; our own errors become one line and an exit code."""
    with plain_errors():
        app()
