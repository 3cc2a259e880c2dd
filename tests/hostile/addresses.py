"""Every address that the desk knows, walked from its own resolver: a new route is attacked the day it is added."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize

LONG = "x" * 5_000
WRONG_PARTS = (
    *("0", "1", "-1", "00", "2147483648", "9223372036854775808", "9" * 40, "1.5", "1e9", "None", "true", "١٢٣"),
    *("../../etc/passwd", "..", ".", "%", "%00", "\x00", "a b", "<script>", "'", '"', ";", "\u202e", "é", LONG),
    "00000000-0000-0000-0000-000000000000",
    "00000000-0000-0000-0000-00000000000g",
)
"""What stands where an id should be; quoted before it goes into an address."""

RAW_PARTS = ("%ff%fe", "%ed%a0%80", "%c0%ae%c0%ae", "%25%30%30", "%")
"""Bytes that are no UTF-8, and percent signs that are no encoding; they go into an address as they are."""


@dataclass(frozen=True)
class Address:
    """One pattern of the resolver, with holes."""

    form: str
    holes: tuple[str, ...]

    def filled(self, part: str) -> str:
        """Return an address with the same part in every hole, or the pattern itself without holes."""
        return "/" + self.form % dict.fromkeys(self.holes, part)

    @property
    def parts(self) -> tuple[str, ...]:
        """What may stand in the holes, apart from ids that exist."""
        return (*(quote(part, safe="") for part in WRONG_PARTS), *RAW_PARTS) if self.holes else ("",)


def addresses() -> list[Address]:
    """Return every address, each once."""
    return sorted(set(_walk(get_resolver(), [("", ())])), key=lambda address: address.form)


def _walk(resolver: URLResolver, before: list[tuple[str, tuple[str, ...]]]) -> Iterator[Address]:
    for entry in resolver.url_patterns:
        here = [
            (head + form, (*holes, *more))
            for head, holes in before
            for form, more in normalize(entry.pattern.regex.pattern)
        ]
        if isinstance(entry, URLPattern):
            yield from (Address(form, holes) for form, holes in here)
        else:
            yield from _walk(entry, here)
