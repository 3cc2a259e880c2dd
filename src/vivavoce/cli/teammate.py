"""``vivavoce teammate``: who may use the desk."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from vivavoce.cli.frame import desk_ready
from vivavoce.cli.options import Data  # noqa: TC001 # Typer reads the annotations
from vivavoce.errors import BadInputError

if TYPE_CHECKING:
    from vivavoce.desk.team.models import Teammate

app = typer.Typer(no_args_is_help=True, help="Add, list, invite and close teammates.", rich_markup_mode="markdown")

Username = Annotated[str, typer.Argument(help="The name they sign in with.")]
RealName = Annotated[str, typer.Option("--name", help="The name that teammates and the public see.")]
Email = Annotated[str, typer.Option(help="Needed for single sign-on, which finds teammates by e-mail.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Admin = Annotated[bool, typer.Option("--admin", help="May connect networks and change the team's rule.")]


@app.command()
def add(username: Username, *, name: RealName = "", email: Email = "", admin: Admin = False, data: Data = None) -> None:
    """Add a teammate and print the link that signs them in once."""
    desk_ready(data)
    from vivavoce.desk.team.links import link_for
    from vivavoce.desk.team.services import teammate_add

    added = teammate_add(username=username, name=name, email=email, admin=admin)
    typer.echo(link_for(teammate=added, now=datetime.now(UTC)))


@app.command()
def link(username: Username, data: Data = None) -> None:
    """Print a new one-time sign-in link for a teammate, for instance on a new computer."""
    desk_ready(data)
    from vivavoce.desk.team.links import link_for

    typer.echo(link_for(teammate=_known(username), now=datetime.now(UTC)))


@app.command()
def reset(username: Username, *, yes: Yes = False, data: Data = None) -> None:
    """Take away a teammate's lost passkeys, codes and password, and print a link that leads to new ones."""
    desk_ready(data)
    from vivavoce.desk.team.links import link_for
    from vivavoce.desk.team.services import teammate_reset

    teammate, now = _known(username), datetime.now(UTC)
    if not yes:
        typer.confirm(f"Take away every way of {teammate.shown_name} ({username}) to sign in?", abort=True)
    teammate_reset(teammate=teammate, now=now)
    typer.echo(link_for(teammate=teammate, now=now))


@app.command()
def close(username: Username, data: Data = None) -> None:
    """Let a teammate sign in no more; what they wrote stays theirs."""
    desk_ready(data)
    from vivavoce.desk.team.services import teammate_close

    teammate_close(teammate=_known(username))


@app.command()
def erase(username: Username, *, yes: Yes = False, data: Data = None) -> None:
    """Erase who a teammate was: name, address, passkeys. Their replies stay, under a pseudonym. Cannot be undone."""
    desk_ready(data)
    from vivavoce.desk.replies.erasure import teammate_erase

    teammate = _known(username)
    if not yes:
        typer.confirm(f"Erase {teammate.shown_name} ({username}) for good?", abort=True)
    teammate_erase(teammate=teammate, by=None, now=datetime.now(UTC))


@app.command("list")
def list_(data: Data = None) -> None:
    """List all teammates."""
    desk_ready(data)
    from vivavoce.desk.team.queries import teammates

    table = Table("Signs in as", "Name", "On duty", "Admin", "Active", "Last here", box=None)
    for one in teammates():
        marks = ["yes" if mark else "no" for mark in (one.on_duty, one.is_superuser, one.is_active)]
        table.add_row(
            one.username, one.shown_name, *marks, f"{one.last_login:%Y-%m-%d %H:%M}" if one.last_login else "-"
        )
    Console().print(table)


def _known(username: str) -> Teammate:
    from vivavoce.desk.team.models import Teammate

    found = Teammate.objects.filter(username=username).first()
    if found is None:
        names = ", ".join(Teammate.objects.order_by("username").values_list("username", flat=True)[:20]) or "nobody"
        message = f"No teammate signs in as {username!r}. There is: {names}."
        raise BadInputError(message)
    return found
