"""How long a reply may be, as its network counts, without connecting to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vivavoce.errors import SetupError
from vivavoce.networks import registry
from vivavoce.networks.base import Counts
from vivavoce.posts import TEXT_CODE_POINTS_MAX

if TYPE_CHECKING:
    from collections.abc import Callable

    from vivavoce.desk.inbox.models import Account


@dataclass(frozen=True, slots=True)
class Count:
    """A network's way to count, and its limit in that unit."""

    length: Callable[[str], int]
    characters_max: int


def count_for(account: Account) -> Count | None:
    """Return how replies of an account are counted; ``None`` when it takes none.

    A network whose connector does not count counts when the reply is frozen: too long comes back as refused.
    """
    if not account.active:
        return None
    try:
        connector = registry.connector(account.network)
    except SetupError:
        return None
    if not connector.speaks:
        return None
    if isinstance(connector, Counts):
        return Count(connector.length, connector.characters_max)
    return Count(len, TEXT_CODE_POINTS_MAX)
