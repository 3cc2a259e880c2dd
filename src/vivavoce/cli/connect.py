"""``vivavoce connect``: answer for an account of a network."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from vivavoce.cli.frame import desk_ready
from vivavoce.cli.options import Data  # noqa: TC001 # Typer reads the annotations
from vivavoce.desk.times import utc_now
from vivavoce.errors import BadInputError

Name = Annotated[str, typer.Argument(metavar="NETWORK", help="For instance bluesky or demo.")]
Values = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A setting, for instance handle=town.example. Repeat."),
]


def connect(network: Name, values: Values = None, data: Data = None) -> None:
    """Sign in to a network and listen to it from now on.

    Settings not given are asked for on a terminal, secrets unseen. In a script, put a secret on standard input:
    `vivavoce connect bluesky --set handle=town.example < app-password`.
    """
    desk_ready(data)
    from vivavoce.desk.team.accounts import connect_account
    from vivavoce.networks.registry import connector

    given = dict(_pair(value) for value in values or [])
    for setting in connector(network).settings:
        if setting.name in given or not (setting.required or setting.secret):
            continue
        if sys.stdin.isatty():
            given[setting.name] = typer.prompt(
                setting.label, default=setting.default, hide_input=setting.secret, show_default=bool(setting.default)
            )
        elif setting.secret:
            given[setting.name] = sys.stdin.readline().strip()
    account = connect_account(network=network, values=given, clock=utc_now)
    typer.echo(f"Connected to {network} as {account.handle or account.name or 'a listener'}.")


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        message = f"--set takes NAME=VALUE, not {text!r}."
        raise BadInputError(message)
    return name, value
