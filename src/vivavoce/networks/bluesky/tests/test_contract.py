"""Bluesky keeps every promise of a network, on a real PDS, alone and with an AppView behind it."""

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


@pytest.mark.appview
class TestBlueskyWithAppView(NetworkContract):
    @pytest.fixture
    def harness(self, whole_world: Harness) -> Harness:
        return whole_world
