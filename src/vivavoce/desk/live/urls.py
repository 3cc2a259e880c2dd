"""The stream's address."""

from __future__ import annotations

from django.urls import path

from vivavoce.desk.live import views

urlpatterns = [path("live/", views.live_stream, name="live-stream")]
