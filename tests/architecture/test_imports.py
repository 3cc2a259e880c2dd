"""The contracts of pyproject.toml hold."""

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports


def test_the_houses_imports_are_as_drawn() -> None:
    assert lint_imports(no_cache=True) == EXIT_STATUS_SUCCESS
