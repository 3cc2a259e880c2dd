"""What of a page's markup would run, as a browser reads it."""

from collections.abc import Iterator
from html.parser import HTMLParser

ADDRESSES = frozenset({"href", "src", "action", "formaction", "data", "srcdoc", "xlink:href"})
DATA_SCRIPTS = frozenset({"application/json", "speculationrules"})
FRAMES = frozenset({"iframe", "object", "embed", "base"})


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: (value or "").strip().lower() for name, value in attrs}
        if tag in FRAMES or (tag == "script" and "src" not in given and given.get("type") not in DATA_SCRIPTS):
            self.found.append(f"<{tag}>")
        for name, value in given.items():
            if name.startswith("on"):
                self.found.append(f"<{tag} {name}>")
            if name in ADDRESSES and value.startswith(("javascript:", "vbscript:", "data:text")):
                self.found.append(f"<{tag} {name}={value[:40]}>")


def what_would_run(page: str) -> Iterator[str]:
    """Yield each script of the page itself, each handler of an event, each frame, each address that is a script."""
    reader = _Reader()
    reader.feed(page)
    yield from reader.found
