"""Bluesky keeps every promise of a network, on a real PDS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vivavoce.networks.contract import NetworkContract

if TYPE_CHECKING:
    from vivavoce.networks.harness import Harness


@pytest.mark.pds
class TestBluesky(NetworkContract):
    @pytest.fixture
    def harness(self, world: Harness) -> Harness:
        return world
