"""``vivavoce read --explain``: each post with the words that show its labels, for people to look at."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    import pyarrow as pa

    from vivavoce.cli.read_rows import Row
    from vivavoce.reading import Reading

_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What could move a terminal's cursor or turn its text around; each stands for itself as one sign."""
_COLOURS: Final = {
    "danger": "bold white on red",
    "hour": "bold red",
    "today": "red",
    "negative": "magenta",
    "positive": "green",
}
_OTHER_COLOUR: Final = "cyan"


class Explained:
    """Prints posts, their labels and the words behind them; in colour where there is a terminal."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stdout, highlight=False, soft_wrap=True)

    def write(self, batch: list[Row], read: pa.RecordBatch) -> None:
        """Print some posts."""
        from vivavoce.reading import readings

        for row, reading in zip(batch, readings(read), strict=True):
            if reading is not None:
                self._print(row.text or "", reading)

    def close(self) -> None:
        """Nothing is held back."""

    def _print(self, text: str, reading: Reading) -> None:
        safe = _UNPRINTABLE.sub("\ufffd", text)
        shown = Text(safe)
        words: dict[str, list[str]] = {}
        for evidence in reading.evidence:
            shown.stylize(_COLOURS.get(evidence.label, _OTHER_COLOUR), evidence.start, evidence.end)
            words.setdefault(evidence.label, []).append(safe[evidence.start : evidence.end])
        self._console.print(shown)
        decided = ", ".join(f"{name} {_plain(value)}" for name, value in reading.decided.items())
        self._console.print(Text(f"  {decided}", style="dim"))
        for label, parts in words.items():
            line = Text(f"  {label}", style=_COLOURS.get(label, _OTHER_COLOUR))
            self._console.print(line.append(": " + " · ".join(parts), style="default"))
        self._console.print()


def _plain(value: str | bool) -> str:  # noqa: FBT001 # a decided value is a label or yes or no
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else value
