"""The addresses of replies."""

from __future__ import annotations

from django.urls import path

from vivavoce.desk.replies import views

urlpatterns = [
    path("conversations/<int:pk>/challenge", views.challenge, name="reply-challenge"),
    path("conversations/<int:pk>/reply", views.send, name="reply-send"),
    path("conversations/<int:pk>/draft", views.draft, name="draft-save"),
    path("presence/", views.confirm, name="presence-confirm"),
    path("replies/<uuid:pk>/withdraw", views.withdraw, name="reply-withdraw"),
    path("replies/<uuid:pk>/decide", views.decide, name="reply-decide"),
    path("replies/<uuid:pk>/edit", views.edit, name="reply-edit"),
    path("outbox/", views.outbox, name="outbox"),
]
