"""The reader's labels in the teammates' words. A label that is not here is shown as it stands: readers grow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

LABELS: dict[str, tuple[str | _StrPromise, dict[str, str | _StrPromise]]] = {
    "emotion": (
        pgettext_lazy("label", "Feels"),
        {
            "anger": pgettext_lazy("emotion", "angry"),
            "disappointment": pgettext_lazy("emotion", "disappointed"),
            "worry": pgettext_lazy("emotion", "worried"),
            "confusion": pgettext_lazy("emotion", "confused"),
            "sadness": pgettext_lazy("emotion", "sad"),
            "disgust": pgettext_lazy("emotion", "disgusted"),
            "joy": pgettext_lazy("emotion", "happy"),
            "gratitude": pgettext_lazy("emotion", "grateful"),
            "amusement": pgettext_lazy("emotion", "amused"),
            "hope": pgettext_lazy("emotion", "hopeful"),
            "surprise": pgettext_lazy("emotion", "surprised"),
            "neutral": pgettext_lazy("emotion", "calm"),
        },
    ),
    "cause": (
        pgettext_lazy("label", "About"),
        {
            "outage": pgettext_lazy("cause", "outage"),
            "delay": pgettext_lazy("cause", "delay"),
            "billing": pgettext_lazy("cause", "bill"),
            "staff": pgettext_lazy("cause", "staff"),
            "product": pgettext_lazy("cause", "product"),
            "account": pgettext_lazy("cause", "account"),
            "question": pgettext_lazy("cause", "question"),
            "thanks": pgettext_lazy("cause", "thanks"),
            "idea": pgettext_lazy("cause", "idea"),
            "ethics": pgettext_lazy("cause", "ethics"),
            "info": pgettext_lazy("cause", "news"),
            "other": pgettext_lazy("cause", "something else"),
        },
    ),
    "wants": (
        pgettext_lazy("label", "Wants"),
        {
            "repair": pgettext_lazy("wants", "it repaired"),
            "information": pgettext_lazy("wants", "to know"),
            "heard": pgettext_lazy("wants", "to be heard"),
            "apology": pgettext_lazy("wants", "an apology"),
            "warn": pgettext_lazy("wants", "to warn others"),
            "thank": pgettext_lazy("wants", "to thank"),
            "suggest": pgettext_lazy("wants", "to suggest"),
            "nothing": pgettext_lazy("wants", "nothing"),
        },
    ),
    "urgency": (
        pgettext_lazy("label", "Urgency"),
        {
            "hour": pgettext_lazy("urgency", "within the hour"),
            "today": pgettext_lazy("urgency", "today"),
            "week": pgettext_lazy("urgency", "this week"),
            "none": pgettext_lazy("urgency", "none"),
        },
    ),
    "sentiment": (
        pgettext_lazy("label", "Mood"),
        {
            "negative": pgettext_lazy("sentiment", "unhappy"),
            "neutral": pgettext_lazy("sentiment", "neutral"),
            "positive": pgettext_lazy("sentiment", "good"),
        },
    ),
    "needs_person": (
        pgettext_lazy("label", "Needs a person"),
        {"true": pgettext_lazy("needs_person", "yes"), "false": pgettext_lazy("needs_person", "no")},
    ),
    "danger": (
        pgettext_lazy("label", "Danger"),
        {"true": pgettext_lazy("danger", "yes"), "false": pgettext_lazy("danger", "no")},
    ),
}
"""Each label of a reading: what it is called, and its values in words; the order is the page's."""

UNSURE = "unsure"

SAY_LITTLE = ("", UNSURE, "neutral", "other")


def value_words(label: str, value: str) -> str:
    """Return a label's value in words, ``unsure`` included."""
    if value == UNSURE:
        return str(_("unsure"))
    return str(LABELS[label][1].get(value, value))


def said_words(label: str, value: str) -> str:
    """Return a label's value in words where there is no room for doubts: what says little says nothing."""
    return "" if value in SAY_LITTLE else value_words(label, value)


def network_words(name: str) -> str:
    """Return a network's name as people write it."""
    return name.capitalize()
