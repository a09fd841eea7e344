"""The form of notification preferences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from help_desk.channels import active_channels
from help_desk.enums import EmailFrequency, NotificationKind
from help_desk.models import EmailSchedule, NotificationPreference
from help_desk.services.preferences import (
    default_preferences,
    set_email_frequency,
    set_preferences,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.contrib.auth.models import User


class PreferencesForm(forms.Form):
    """A checkbox per kind of event and channel, and the email frequency."""

    frequency = forms.ChoiceField(
        choices=EmailFrequency, label=_("Email frequency"), widget=forms.RadioSelect
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        """Set the initial values to the user's preferences on top of the rules."""
        self.user = user
        self.channels = [channel for channel in active_channels() if channel.is_personal]
        self._defaults = default_preferences(user)
        schedule = EmailSchedule.objects.filter(user_id=user.pk).first()
        frequency = EmailFrequency.IMMEDIATE if schedule is None else schedule.frequency
        super().__init__(data, initial={"frequency": frequency})
        enabled = self._defaults | {
            (preference.kind, preference.channel): preference.enabled
            for preference in NotificationPreference.objects.filter(user_id=user.pk)
        }
        labels = {channel.name: channel.label for channel in self.channels}
        for kind, channel in self._defaults:
            self.fields[f"{kind}-{channel}"] = forms.BooleanField(
                required=False,
                initial=enabled[kind, channel],
                label=f"{NotificationKind(kind).label}: {labels[channel]}",
            )

    def rows(self) -> Iterator[tuple[str, list[forms.BoundField]]]:
        """Yield the label of each kind of event with its checkboxes, one per channel."""
        for kind in dict.fromkeys(kind for kind, _channel in self._defaults):
            checkboxes = [self[f"{kind}-{channel.name}"] for channel in self.channels]
            yield str(NotificationKind(kind).label), checkboxes

    def save(self) -> None:
        """Save the email frequency, and the preferences that differ from the rules."""
        preferences: dict[tuple[str, str], bool | None] = {}
        for (kind, channel), default in self._defaults.items():
            enabled = self.cleaned_data[f"{kind}-{channel}"]
            preferences[kind, channel] = None if enabled == default else enabled
        set_preferences(self.user, preferences)
        set_email_frequency(self.user, EmailFrequency(self.cleaned_data["frequency"]))
