"""A fictional utility, the people it serves, and one day between them: a network to learn the desk on.

Ostrel Énergie & Eau, its valley and everybody in it are invented. People react to what a teammate does, by script.
"""

from __future__ import annotations

import math
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from vivavoce.errors import NetworkError
from vivavoce.networks.base import Setting
from vivavoce.networks.demo import story
from vivavoce.networks.demo.network import CHARACTERS_MAX, NAME, DemoNetwork
from vivavoce.networks.demo.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vivavoce.networks.base import Clock, Network

PACE_DEFAULT = "30"
"""The nine hours after the desk opens play in 18 minutes: a post every few seconds."""


class DemoConnector:
    """Opens the demo's world in a folder, or starts its day there."""

    name = NAME
    label = "Demo: Ostrel Énergie & Eau"
    settings = (
        Setting("folder", "Folder", "Where the demo's world is kept; the desk has one of its own.", required=False),
        Setting("pace", "Pace", "Minutes of the story in one minute.", required=False, default=PACE_DEFAULT),
        Setting("seed", "Seed", "Decides how fast people react.", required=False, default="1"),
    )
    speaks = True
    characters_max = CHARACTERS_MAX

    def length(self, text: str) -> int:
        """Count the code points of a text."""
        return len(text)

    def connect(self, settings: Mapping[str, str], *, clock: Clock) -> Network:
        """Open the world in the setting ``folder``; its day starts when the folder is new."""
        folder = settings.get("folder", "")
        if not folder:
            message = "The demo needs a folder for its world; give the setting 'folder'."
            raise NetworkError(message, permanent=True)
        pace = _pace(settings.get("pace") or PACE_DEFAULT)
        seed = settings.get("seed") or "1"
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
            world = World(Path(folder) / "world.sqlite3", story=story.read(), clock=clock, pace=pace, seed=seed)
        except (OSError, sqlite3.Error) as error:
            message = f"The demo's world in {folder} cannot be opened ({error}); free the folder, or name another one."
            raise NetworkError(message) from error
        return DemoNetwork(world)


def _pace(text: str) -> float:
    try:
        pace = float(text)
    except ValueError:
        pace = 0.0
    if not (math.isfinite(pace) and pace > 0):
        message = f"The demo's pace must be a number above 0, not {text!r}."
        raise NetworkError(message, permanent=True)
    return pace


NETWORK = DemoConnector()
