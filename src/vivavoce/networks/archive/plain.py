"""HTML of a post to the words that a reader saw."""

from __future__ import annotations

from html.parser import HTMLParser

from vivavoce.networks.archive.rows import LINKS_MAX, address

INVISIBLE = frozenset({"script", "style", "template", "head", "title"})
PARAGRAPHS = frozenset({"p", "div", "blockquote", "ul", "ol", "pre", "h1", "h2", "h3", "h4", "h5", "h6"})
HTML_CODE_POINTS_MAX = 200_000
"""Ten times the longest text that is kept: markup is never more than that around it."""


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.links: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in INVISIBLE:
            self.hidden += 1
        elif tag == "br":
            self.parts.append("\n")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag in PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag == "a":
            classes = (given.get("class") or "").split()
            # Mentions and hashtags are links too, but not ones that the author set.
            if found := address(given.get("href")) if not {"mention", "hashtag"} & set(classes) else "":
                self.links.append(found)

    def handle_endtag(self, tag: str) -> None:
        if tag in INVISIBLE:
            self.hidden = max(0, self.hidden - 1)
        elif tag in PARAGRAPHS:
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data.replace("\n", " "))


def words_of(html: str) -> tuple[str, tuple[str, ...]]:
    """Return the text of a post's HTML, with paragraphs as blank lines, and the links that its author set.

    Never raises; markup that is broken becomes what a browser would roughly show.
    """
    reader = _Words()
    try:
        reader.feed(html[:HTML_CODE_POINTS_MAX])
        reader.close()
    except AssertionError:  # the standard parser gives up so on some broken declarations
        pass
    lines = [line.strip() for line in "".join(reader.parts).split("\n")]
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip(), tuple(dict.fromkeys(reader.links))[:LINKS_MAX]
