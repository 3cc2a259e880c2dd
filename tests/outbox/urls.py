"""The addresses of replies with the least around them; the whole desk is attacked in tests/architecture."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def page(_request: HttpRequest, **_parts: int) -> HttpResponse:
    """Stand for a page of another part of the desk."""
    return HttpResponse("page")


urlpatterns = [
    path("", page, name="waiting"),
    path("conversations/<int:pk>/", page, name="conversation"),
    path("", include("vivavoce.desk.replies.urls")),
    path("accounts/", include("allauth.urls")),
]
