from __future__ import annotations

import pytest
from django.utils import translation

from vivavoce.desk.team.asked import ASKED
from vivavoce.desk.team.forms import connect_form
from vivavoce.networks import registry


@pytest.mark.parametrize("network", ["bluesky", "demo"])
def test_what_a_network_asks_is_asked_in_the_teammates_language(network: str) -> None:
    settings = [one for one in registry.connector(network).settings if one.name != "folder"]
    assert {one.label for one in settings} | {one.help for one in settings} - {""} <= ASKED
    with translation.override("fr"):
        fields = connect_form(registry.connector(network)).fields
        assert all(fields[one.name].help_text != one.help for one in settings)
