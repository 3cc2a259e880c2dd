"""All addresses of the desk; each app names its own."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from vivavoce.desk.language import language

urlpatterns = [
    path("", include("vivavoce.desk.inbox.urls")),
    path("", include("vivavoce.desk.team.urls")),
    path("", include("vivavoce.desk.replies.urls")),
    path("", include("vivavoce.desk.transparency.urls")),
    path("", include("vivavoce.desk.observatory.urls")),
    path("", include("vivavoce.desk.live.urls")),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("language/", language, name="language"),
]
