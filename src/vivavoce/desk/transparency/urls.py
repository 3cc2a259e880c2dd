"""The ledger's addresses."""

from __future__ import annotations

from django.urls import path

from vivavoce.desk.transparency import views

urlpatterns = [
    path("ledger/", views.ledger, name="ledger"),
    path("ledger/<int:pk>/undo/", views.ledger_undo, name="ledger-undo"),
]
