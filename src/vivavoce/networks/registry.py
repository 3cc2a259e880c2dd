"""Networks are found by entry points: installing a package that names one is all it takes."""

from __future__ import annotations

from importlib.metadata import entry_points

from vivavoce.errors import SetupError
from vivavoce.networks.base import Connector

GROUP = "vivavoce.networks"


def names() -> tuple[str, ...]:
    """Return the names of all installed networks, sorted."""
    return tuple(sorted(entry_points(group=GROUP).names))


def connector(name: str) -> Connector:
    """Load one network's connector.

    Raises:
        SetupError: no installed package has a network of that name, or what it has is not a connector.
    """
    found = entry_points(group=GROUP, name=name)
    if not found:
        known = ", ".join(names()) or "none"
        message = f"No network is called {name!r}. Installed: {known}. Install the package that brings it."
        raise SetupError(message)
    loaded = next(iter(found)).load()
    if not isinstance(loaded, Connector):
        message = (
            f"The network {name!r} does not follow vivavoce.networks.base.Connector; ask its author for a newer one."
        )
        raise SetupError(message)
    return loaded
