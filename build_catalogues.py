"""Build hook: compile the gettext catalogues (.po to .mo), so that no binary lives in the repository.

Run directly (``python build_catalogues.py``) it compiles the catalogues of the checkout in place.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def compile_catalogues(root: Path) -> list[Path]:
    """Compile every catalogue under ``root`` whose binary is missing or older; return the binaries."""
    binaries = []
    for source in sorted((root / "src").rglob("*.po")):
        binary = source.with_suffix(".mo")
        binaries.append(binary)
        if binary.exists() and binary.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as read, binary.open("wb") as write:
            write_mo(write, read_po(read))
    return binaries


class CatalogueHook(BuildHookInterface):  # type: ignore[type-arg]
    """Hatchling calls this before it collects files, for wheels and for editable installs."""

    def initialize(self, _version: str, _build_data: dict[str, Any]) -> None:
        """Compile before files are collected."""
        compile_catalogues(Path(self.root))


if __name__ == "__main__":
    compile_catalogues(Path(__file__).parent)
