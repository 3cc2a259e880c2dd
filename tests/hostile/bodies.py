"""Bodies, query strings and headers as enemies, accidents and broken programs send them."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from tests.hostile.world import MARKUP, STRANGE

FORM = "application/x-www-form-urlencoded"
BOUNDARY = "limit"

FIELDS = (
    *("text", "nonce", "assertion", "seen", "next", "to", "label", "value", "decision", "password", "code", "before"),
    *("scope", "after", "last", "shown", "topics", "days", "language", "name", "username", "email", "admin", "on_duty"),
    *("login", "credential", "passwordless", "remember", "handle", "app_password", "watch", "service", "jetstream"),
    *("time_zone", "hours", "holidays", "presence_window_min", "allowance_hour_min", "q", "p", "o", "e", "kind", "who"),
    *(
        "csrfmiddlewaretoken",
        "action",
        "_popup",
        "app_label",
        "model_name",
        "field_name",
        "term",
        "cursor",
    ),
)
"""The names that the desk's forms and addresses use; other names are ignored by them.

Left out: `_to_field` of Django's own admin. Empty, it is a 500 to an admin who writes it into the address (Django 5.2).
"""

VALUES = (
    *("", "0", "-1", "9" * 40, "1-2-3", "9-99999999999999999999-9", "-", "1,2,3," * 400, "queue,conversation:1", "me"),
    *(
        "//evil.test/",
        "https://evil.test/",
        "javascript:alert(1)",
        "/\\evil.test",
        "\r\nSet-Cookie: a=b",
        "NaN",
        "null",
    ),
    *('{"id": "\\ud800"}', "{}", "[]", "[" * 3000, '{"response": {}}', "2026-02-30", "not/a/zone", "../../etc", "sso"),
    *(text[:300] for text in MARKUP),
    *(text[:3_000] for text in STRANGE),
    "x" * 300_000,
)

JSON = (
    *(b"", b"null", b"{", b"[" * 5000, b"\xff\xfe", b'"\\ud800"', b'{"credential": {"id": "\\udfff"}}', b"1e999999"),
    json.dumps(
        {"credential": {"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": 7}}}
    ).encode(),
)

HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"HX-Request": "true", "HX-Current-URL": "javascript:alert(1)", "HX-Target": "\xff"},
    {"X-Live": "1", "Accept-Language": "zz-" * 500 + ";q=NaN, *;q=-1"},
    {"Cookie": 'vivavoce=../../etc; csrftoken=\x01; messages="[[\\"\\u0000"; django_language=%00'},
    {"Host": "evil.test"},
    {"Host": "localhost:99999999"},
    {"X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "javascript", "X-HTTP-Method-Override": "DELETE"},
    {"If-Modified-Since": "Thu, 99 Nov 99999 99:99:99 GMT", "If-None-Match": '"' * 500, "Range": "bytes=-1--1"},
    {"Referer": "http://[::bad", "Origin": "null", "Authorization": "Bearer \xff\x80", "Accept": "\xff/*"},
    {"Accept-Encoding": "gzip;q=x, \x00", "Content-Encoding": "br", "User-Agent": "é" * 4000},
)


@dataclass(frozen=True)
class Body:
    """A request's content and what it says of itself."""

    content: bytes
    kind: str


def form(fields: dict[str, str], *, charset: str = "") -> Body:
    """Encode a form as a browser does, lone surrogates as the bytes that they would be."""
    pairs = (f"{quote_plus(name)}={quote_plus(value, errors='surrogatepass')}" for name, value in fields.items())
    return Body("&".join(pairs).encode(), f"{FORM}; charset={charset}" if charset else FORM)


def broken(value: str) -> tuple[Body, ...]:
    """Return bodies that are not what they say, around a value."""
    raw = value.encode("utf-8", "surrogatepass")
    whole = b"--limit\r\nContent-Disposition: form-data; name=text\r\n\r\n" + raw + b"\r\n--limit--\r\n"
    named = (
        b'--limit\r\nContent-Disposition: form-data; name="' + raw[:200] + b'"; filename="' + raw[:200] + b'"\r\n\r\nx'
    )
    return (
        Body(raw, FORM),
        Body(raw, "multipart/form-data"),
        Body(raw, "multipart/form-data; boundary="),
        Body(raw, f"multipart/form-data; boundary={'b' * 300}"),
        Body(whole[:-20], f"multipart/form-data; boundary={BOUNDARY}"),
        Body(named, f"multipart/form-data; boundary={BOUNDARY}"),
        *(
            Body(whole, f"multipart/form-data; boundary={BOUNDARY}; charset={name}")
            for name in ("hex", "idna", "no-such")
        ),
        *(
            Body(b"text=" + raw, f"{FORM}; charset={name}")
            for name in ("utf-7", "hex", "undefined", "no-such", "utf-16")
        ),
        Body(b"&".join([b"text=1"] * 1_100), FORM),
        Body(b"text=" + raw, "text/plain; charset=\xff"),
        *(Body(content, "application/json") for content in JSON),
    )


def everything(value: str) -> dict[str, str]:
    """Return a form with the same value in every field that the desk knows."""
    return dict.fromkeys(FIELDS, value)


def request_arguments(body: Body, headers: dict[str, str]) -> dict[str, Any]:
    """Return a body and headers as Django's test client takes them."""
    return {"data": body.content, "content_type": body.kind, "headers": headers}
