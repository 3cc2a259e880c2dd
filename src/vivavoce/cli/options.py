"""Options that several commands share, said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        envvar="VIVAVOCE_DATA",
        metavar="DIR",
        help="The data folder: database, keys, caches. Made when missing. Default: ~/.local/share/vivavoce.",
        show_default=False,
    ),
]
Host = Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 lets other machines in.")]
Port = Annotated[int, typer.Option(min=0, max=65535, envvar="PORT", help="The port to listen on; 0 takes a free one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words.")]
