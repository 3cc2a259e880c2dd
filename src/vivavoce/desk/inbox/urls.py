"""The inbox's addresses."""

from __future__ import annotations

from django.urls import path

from vivavoce.desk.inbox import views

urlpatterns = [
    path("", views.waiting, name="waiting"),
    path("alarm/", views.alarm, name="alarm"),
    path("overheard/", views.overheard, name="overheard"),
    path("overheard/<int:pk>/take/", views.post_take, name="post-take"),
    path("conversations/<int:pk>/", views.conversation, name="conversation"),
    path("conversations/<int:pk>/set-aside/", views.set_aside, name="set-aside"),
    path("people/<int:pk>/assign/", views.assign, name="assign"),
    path("people/<int:pk>/erase/", views.person_erase, name="person-erase"),
    path("posts/<int:pk>/correct/", views.correct, name="correct"),
]
