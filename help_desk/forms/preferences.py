"""The form by which people say what they want to be told of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from help_desk.auth import policy
from help_desk.channels import active_channels
from help_desk.enums import EmailFrequency, NotificationKind, Role
from help_desk.models import EmailSchedule, NotificationPreference
from help_desk.notifications.recipients import is_developer
from help_desk.notifications.rules import rules
from help_desk.services import preferences as preference_service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.contrib.auth.models import User

ROLES_OF_EVERYBODY = frozenset({Role.CREATOR, Role.FOLLOWER, Role.MENTIONED})


class PreferencesForm(forms.Form):
    """A box per kind of event and channel, and how often e-mail should come."""

    frequency = forms.ChoiceField(
        choices=EmailFrequency, label=_("When e-mail comes"), widget=forms.RadioSelect
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        """Draw the boxes as the rules and the person's wishes have them.

        Args:
            data: What was posted.
            user: Whose wishes they are.
        """
        self.user = user
        self.channels = [channel for channel in active_channels() if channel.is_personal]
        schedule = EmailSchedule.objects.filter(user_id=user.pk).first()
        frequency = EmailFrequency.IMMEDIATE if schedule is None else schedule.frequency
        super().__init__(data, initial={"frequency": frequency})
        self._defaults = self._rules_for(user)
        wishes = {
            (wish.kind, wish.channel): wish.enabled
            for wish in NotificationPreference.objects.filter(user_id=user.pk)
        }
        for (kind, channel), default in self._defaults.items():
            self.fields[self._name(kind, channel)] = forms.BooleanField(
                required=False,
                initial=wishes.get((kind, channel), default),
                label=f"{NotificationKind(kind).label}: {self._label(channel)}",
            )

    def rows(self) -> Iterator[tuple[str, list[forms.BoundField]]]:
        """Arrange the boxes for a table.

        Yields:
            What happened, and a box per channel.
        """
        for kind in dict.fromkeys(kind for kind, _channel in self._defaults):
            boxes = [self[self._name(kind, channel.name)] for channel in self.channels]
            yield str(NotificationKind(kind).label), boxes

    def save(self) -> None:
        """Keep what differs from the rules, and the frequency."""
        wishes: dict[tuple[str, str], bool | None] = {}
        for (kind, channel), default in self._defaults.items():
            enabled = self.cleaned_data[self._name(kind, channel)]
            wishes[kind, channel] = None if enabled == default else enabled
        preference_service.set_preferences(self.user, wishes)
        preference_service.set_email_frequency(
            self.user, EmailFrequency(self.cleaned_data["frequency"])
        )

    def _rules_for(self, user: User) -> dict[tuple[str, str], bool]:
        """Say for each kind that can concern the person what comes by which channel."""
        roles = set(ROLES_OF_EVERYBODY)
        if policy.can(user, "change"):
            roles.add(Role.ASSIGNEE)
        if policy.can(user, "delete"):
            roles.add(Role.MANAGER)
        if is_developer(user):
            roles.add(Role.DEVELOPER)
        defaults: dict[tuple[str, str], bool] = {}
        for kind, by_role in rules().items():
            ruled = set().union(*(by_role[role] for role in roles))
            hidden = kind == NotificationKind.NOTE and not policy.can_see_internal(user)
            if ruled and not hidden:
                for channel in self.channels:
                    defaults[kind, channel.name] = channel.name in ruled
        return defaults

    def _label(self, name: str) -> str:
        return next(str(channel.label) for channel in self.channels if channel.name == name)

    @staticmethod
    def _name(kind: str, channel: str) -> str:
        return f"{kind}-{channel}"
