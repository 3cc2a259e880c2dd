"""A browser without JavaScript: reads pages, fills the forms that stand there, follows where they lead."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import httpx

CALL_S_MAX = 30


@dataclass
class Form:
    """A form as the page gives it: where it goes, and what its fields hold."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    """Collects forms and links."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get")))
        elif tag in {"input", "textarea"} and self.forms and given.get("name"):
            self.forms[-1].fields[given["name"]] = given.get("value", "")
            self._area = given["name"] if tag == "textarea" else None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.forms[-1].fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None


class PlainBrowser:
    """One session at one desk, on one page at a time."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, follow_redirects=True, timeout=CALL_S_MAX)
        self.url = url
        self.text = ""

    def open(self, address: str) -> None:
        """Go to a page."""
        self._take(self._http.get(urljoin(self.url, address)))

    def links(self, part: str) -> list[str]:
        """Return the page's links whose address contains `part`, each once, in the page's order."""
        return list(dict.fromkeys(link for link in self._read().links if part in link))

    def form(self, part: str) -> Form:
        """Return the first form whose action contains `part`; an empty one is the form that answers its own page."""
        return next(form for form in self._read().forms if (part in form.action if part else not form.action))

    def submit(self, part: str, **values: str) -> None:
        """Fill a form of the page and send it."""
        form = self.form(part)
        self._take(self._http.post(urljoin(self.url, form.action), data=form.fields | values))

    def close(self) -> None:
        """Leave."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take(self, response: httpx.Response) -> None:
        response.raise_for_status()
        self.url, self.text = str(response.url), response.text

    def _read(self) -> _Reader:
        reader = _Reader()
        reader.feed(self.text)
        return reader
