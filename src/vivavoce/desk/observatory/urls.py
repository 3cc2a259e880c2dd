"""The observatory's addresses."""

from __future__ import annotations

from django.urls import path

from vivavoce.desk.observatory import views

urlpatterns = [path("outcomes/", views.outcomes_page, name="outcomes")]
