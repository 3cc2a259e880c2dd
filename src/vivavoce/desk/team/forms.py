"""The team's forms. Each field says what it is for; errors say what to do."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vivavoce.desk.replies.window import WINDOW_MIN_MAX
from vivavoce.desk.team.asked import ASKED
from vivavoce.desk.team.models import Rule

if TYPE_CHECKING:
    from vivavoce.networks.base import Connector

    RuleModelForm = forms.ModelForm[Rule]
else:
    RuleModelForm = forms.ModelForm  # Django's is not generic when it runs

DAYS = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
OPENING_HOURS_MAX = 500
"""A year's quarter of opening time: whoever waits longer is not waiting for an answer."""

DANGER_MIN_MAX = 24 * 60
"""Whoever may be in danger is answered within the day."""

URGENT_MIN_MAX = 24 * 60
"""An hour's need that waits through more opening time than a day has is no hour's need."""

HOLIDAYS_MAX = 400
"""More than a year of closed days is not a calendar of holidays."""


class EnrolForm(forms.Form):
    """The first page: what others call you, and a password if you want one."""

    name = forms.CharField(label=_("Your name, as people will see it"), max_length=150)
    password = forms.CharField(
        label=_("Password"),
        help_text=_("At least ten characters. Leave it empty if you use a passkey."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        required=False,
    )

    def clean_password(self) -> str:
        """Hold the password against the team's rules."""
        password: str = self.cleaned_data["password"]
        if password:
            validate_password(password)
        return password


class ProfileForm(forms.Form):
    """How a teammate is called, reads and is alerted."""

    name = forms.CharField(label=_("Your name, as people will see it"), max_length=150)
    language = forms.ChoiceField(
        label=_("Language"),
        choices=[("", _("As my browser")), ("en", "English"), ("fr", "Français")],
        required=False,
    )
    on_duty = forms.BooleanField(
        label=_("On duty"), help_text=_("You are alerted of danger, whatever the hour."), required=False
    )


class TeammateForm(forms.Form):
    """Whom to invite."""

    username = forms.CharField(label=_("Signs in as"), max_length=150)
    name = forms.CharField(label=_("Name"), max_length=150, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False, help_text=_("Needed for single sign-on only."))
    admin = forms.BooleanField(label=_("May connect networks and change the rule"), required=False)


def _clock(text: str) -> time:
    return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a time on the wall


class HoursField(forms.CharField):
    """One day's opening times, as people write them: ``09:00-12:30, 14:00-18:00``; empty is closed."""

    def to_python(self, value: Any) -> Any:  # noqa: ANN401 # Django's signature
        """Return [[open, close], ...] in order."""
        spans = []
        for part in filter(None, (piece.strip() for piece in (value or "").split(","))):
            opens, _dash, closes = (end.strip() for end in part.replace("\N{EN DASH}", "-").partition("-"))
            try:
                start, end = f"{_clock(opens):%H:%M}", "24:00" if closes == "24:00" else f"{_clock(closes):%H:%M}"
            except ValueError as error:
                raise forms.ValidationError(_("Write times as 09:00-18:00, separated by commas.")) from error
            if start >= end:
                raise forms.ValidationError(
                    _("A time of opening comes before its closing. Past midnight: 22:00-24:00, and the rest next day.")
                )
            spans.append([start, end])
        return sorted(spans)

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401 # Django's signature
        """Show spans as text."""
        return ", ".join("-".join(span) for span in value) if isinstance(value, list) else value


class OpeningField(forms.FloatField):
    """Hours of opening time on the page, whole minutes in the rule."""

    def __init__(self, *, label: Any) -> None:  # noqa: ANN401 # a string, or one translated later
        super().__init__(label=label, min_value=0.25, max_value=OPENING_HOURS_MAX, step_size=0.25)

    def clean(self, value: Any) -> Any:  # noqa: ANN401 # Django's signature
        """Return minutes."""
        return round(super().clean(value) * 60)

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401 # Django's signature
        """Show minutes as hours; what somebody typed stays as typed."""
        return f"{value / 60:g}" if isinstance(value, int) else value


class RuleForm(RuleModelForm):
    """The team's clock, allowances and presence."""

    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=lambda: [(zone, zone) for zone in sorted(available_timezones())]
    )
    closed = forms.CharField(
        label=_("Closed days"),
        help_text=_("One date a line, as 2026-12-25."),
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
    )

    allowance_danger_min = forms.IntegerField(
        label=_("Danger: minutes to answer, day and night"), min_value=1, max_value=DANGER_MIN_MAX
    )
    allowance_hour_min = forms.IntegerField(
        label=_("Urgent: minutes of opening time to answer"), min_value=1, max_value=URGENT_MIN_MAX
    )
    presence_window_min = forms.IntegerField(
        label=_("Minutes for which a password or a code counts as presence"), min_value=1, max_value=WINDOW_MIN_MAX
    )
    allowance_today_min = OpeningField(label=_("Today: hours of opening time to answer"))
    allowance_week_min = OpeningField(label=_("This week: hours of opening time to answer"))
    allowance_none_min = OpeningField(label=_("Not urgent: hours of opening time to answer"))

    class Meta:
        model = Rule
        fields = (
            "time_zone",
            "allowance_danger_min",
            "allowance_hour_min",
            "allowance_today_min",
            "allowance_week_min",
            "allowance_none_min",
            "presence_window_min",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 # Django's signature
        super().__init__(*args, **kwargs)
        for day, label in enumerate(DAYS):
            self.fields[f"day_{day}"] = HoursField(
                label=label, required=False, initial=self.instance.hours.get(str(day), [])
            )
        self.fields["closed"].initial = "\n".join(self.instance.holidays)
        days = [f"day_{day}" for day in range(len(DAYS))]
        self.order_fields(["time_zone", *days, "closed", *self.Meta.fields])

    def clean_closed(self) -> list[str]:
        """Return the closed days as ISO dates, in order."""
        lines = self.cleaned_data["closed"].split()
        if len(lines) > HOLIDAYS_MAX:
            raise forms.ValidationError(_("That is more days than a calendar holds."))
        try:
            return sorted({date.fromisoformat(line).isoformat() for line in lines})
        except ValueError as error:
            raise forms.ValidationError(_("Write each day as 2026-12-25.")) from error

    def values(self) -> dict[str, Any]:
        """Return the rule's fields with their new values."""
        chosen = {name: self.cleaned_data[name] for name in self.Meta.fields}
        hours = {str(day): self.cleaned_data[f"day_{day}"] for day in range(len(DAYS))}
        return {
            **chosen,
            "hours": {day: spans for day, spans in hours.items() if spans},
            "holidays": self.cleaned_data["closed"],
        }


def _said(text: str) -> str:
    return gettext(text) if text in ASKED else text


def connect_form(connector: Connector, data: Any = None) -> forms.Form:  # noqa: ANN401 # a QueryDict or None
    """Make the form that asks what ``connector`` needs; a folder is the desk's own business and is not asked."""
    form = forms.Form(data)
    for setting in connector.settings:
        if setting.name == "folder":
            continue
        form.fields[setting.name] = forms.CharField(
            label=_said(setting.label),
            help_text=_said(setting.help),
            required=setting.required and not setting.default,
            initial=setting.default,
            widget=forms.PasswordInput(attrs={"autocomplete": "off"}) if setting.secret else forms.TextInput(),
        )
    return form
