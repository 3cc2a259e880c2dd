"""The database's tables: brought up to date at the start, and checked by processes that share them."""

from __future__ import annotations

from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from vivavoce.errors import SetupError

POSTGRESQL_MIN = 150_000
"""PostgreSQL 15, the oldest that the tests run on."""


def _executor() -> MigrationExecutor:
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
    except OperationalError as error:
        where = connection.settings_dict["HOST"] or connection.settings_dict["NAME"]
        message = f"The database ({where}) does not answer: {error}. Check VIVAVOCE_DATABASE and that it runs."
        raise SetupError(message) from error
    version = getattr(connection, "pg_version", POSTGRESQL_MIN)
    if version < POSTGRESQL_MIN:
        message = f"PostgreSQL {version // 10_000} is too old; Viva Voce needs 15 or newer."
        raise SetupError(message)
    return executor


def behind() -> list[str]:
    """Return the names of migrations that this database has not had."""
    executor = _executor()
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def bring_up_to_date() -> None:
    """Apply what is missing; several processes may do so at once on PostgreSQL, one of them does the work."""
    if not behind():
        return
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext('vivavoce migrate'))")
            try:
                call_command("migrate", interactive=False, verbosity=0)
            finally:
                cursor.execute("SELECT pg_advisory_unlock(hashtext('vivavoce migrate'))")
    else:
        call_command("migrate", interactive=False, verbosity=0)


def check() -> None:
    """Raise ``SetupError`` when the database is behind this program."""
    missing = behind()
    if missing:
        message = (
            f"The database is {len(missing)} steps behind this program. Start `vivavoce web` or `vivavoce up` once."
        )
        raise SetupError(message)
