"""The accounts that the team answers for: connecting them, and opening their networks for the workers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from vivavoce.desk import keys
from vivavoce.desk.inbox.models import Account
from vivavoce.desk.live.services import touch
from vivavoce.errors import BadInputError
from vivavoce.networks import registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vivavoce.networks.base import Clock, Connector, Network


def network_for(account: Account, *, clock: Clock) -> Network:
    """Open the network of a connected account.

    Raises:
        NetworkError: the network refuses or cannot be reached.
        SetupError: the network's package or the key to its secrets is missing.
    """
    values = {**account.settings, **keys.unseal(account.sealed)}
    return _opened(registry.connector(account.network), values, clock=clock)


def connect_account(*, network: str, values: Mapping[str, str], clock: Clock) -> Account:
    """Sign in to a network and keep the account, its secrets sealed; the same account again takes the new settings.

    Raises:
        BadInputError: a required setting is missing, or one is unknown.
        NetworkError: the network refuses or cannot be reached.
    """
    connector = registry.connector(network)
    known = _checked(connector, values)
    opened = _opened(connector, known, clock=clock)
    try:
        who = replace(opened.account)
    finally:
        opened.close()
    secret = {setting.name for setting in connector.settings if setting.secret}
    with transaction.atomic():
        account, _new = Account.objects.update_or_create(
            network=network,
            remote_id=who.id,
            defaults={
                "handle": who.handle,
                "name": who.name,
                "settings": {name: value for name, value in known.items() if name not in secret},
                "sealed": keys.seal({name: value for name, value in known.items() if name in secret}),
                "active": True,
                "problem": "",
                "retry_at": None,
            },
        )
        touch("networks")
    return account


def disconnect_account(*, account: Account) -> None:
    """Stop listening and speaking as this account, and forget its secrets; what it heard stays."""
    with transaction.atomic():
        account.active = False
        account.sealed = ""
        account.save(update_fields=["active", "sealed"])
        touch("networks")


def _checked(connector: Connector, values: Mapping[str, str]) -> dict[str, str]:
    names = {setting.name for setting in connector.settings}
    unknown = sorted(set(values) - names)
    if unknown:
        message = f"{connector.label} has no setting {', '.join(unknown)}. It takes: {', '.join(sorted(names))}."
        raise BadInputError(message)
    known = {setting.name: values.get(setting.name, "").strip() or setting.default for setting in connector.settings}
    missing = [setting.label for setting in connector.settings if setting.required and not known[setting.name]]
    if missing:
        message = f"{connector.label} needs: {', '.join(missing)}."
        raise BadInputError(message)
    return known


def _opened(connector: Connector, values: Mapping[str, str], *, clock: Clock) -> Network:
    """Connect; the demo and other networks that keep a world of their own get a folder in the data folder."""
    given = dict(values)
    if any(setting.name == "folder" for setting in connector.settings) and not given.get("folder"):
        given["folder"] = str(settings.DATA / connector.name)
    return connector.connect(given, clock=clock)
