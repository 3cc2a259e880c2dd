"""Run the benchmarks, all or those named: ``python -m bench [NAME ...]``. Prints every figure that the docs quote."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    """Name the machine, then let each benchmark print its table."""
    names = sys.argv[1:] or sorted(path.stem for path in HERE.glob("[a-z]*.py"))
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}\n")
    for name in names:
        print(f"== {name} ==")
        importlib.import_module(f"bench.{name}").main()
        print()


if __name__ == "__main__":
    main()
