"""Three small guards around every page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'"
)
"""Nothing from elsewhere runs, and nothing written in a page runs; avatars may come from the networks by https."""


def one_origin(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Send 127.0.0.1 and ::1 to ``localhost``: passkeys belong to a name, and browsers take no numbers for it."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        host = urlsplit(f"//{request.get_host()}")
        if settings.RP_ID == "localhost" and host.hostname in {"127.0.0.1", "::1"} and request.method == "GET":
            port = f":{host.port}" if host.port else ""
            return HttpResponseRedirect(f"{request.scheme}://localhost{port}{request.get_full_path()}")
        return get_response(request)

    return middleware


def one_charset(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Refuse what is no text: addresses with NUL, which PostgreSQL cannot look for, and forms that are not in UTF-8.

    Python knows encodings that are none of text, and no browser sends a form in another than UTF-8.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return HttpResponse("No such address.", status=400, content_type="text/plain; charset=utf-8")
        charset = (request.content_params or {}).get("charset", "utf-8")
        if charset.lower() not in {"utf-8", "utf8"}:
            return HttpResponse("Send UTF-8.", status=415, content_type="text/plain; charset=utf-8")
        return get_response(request)

    return middleware


def content_security(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Say to the browser what a page may load."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response

    return middleware
