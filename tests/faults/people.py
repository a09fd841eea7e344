"""The users of the site, and what the checks know about them."""

from __future__ import annotations

from dataclasses import dataclass, field

PASSWORD = "correct horse"
EXTERNAL_DEVELOPER = "charles@example.com"
"""An address in ADMINS that no user has."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """One user."""

    name: str
    permissions: frozenset[str] = frozenset()
    is_active: bool = True
    is_superuser: bool = False
    is_developer: bool = False
    has_digest: bool = False
    preferences: dict[tuple[str, str], bool] = field(default_factory=dict)

    @property
    def email(self) -> str:
        """The address; developers' are in ADMINS."""
        return f"{self.name}@{'example.com' if self.is_developer else 'people.example.com'}"

    def can(self, action: str) -> bool:
        """Whether the user has a permission on tickets."""
        return self.is_active and (self.is_superuser or action in self.permissions)


_REPORTER = frozenset({"add", "view"})
_AGENT = frozenset({"add", "change", "view"})
_MANAGER = frozenset({"add", "change", "delete", "view"})

PEOPLE = {
    person.name: person
    for person in (
        Person(name="ada", is_developer=True),
        Person(name="mona", permissions=_MANAGER, preferences={("new", "email"): True}),
        Person(name="sam", is_superuser=True),
        Person(name="max", permissions=frozenset({"delete"})),
        Person(name="ines", permissions=_MANAGER, is_active=False),
        Person(name="rosa", permissions=_REPORTER),
        Person(name="ruth", permissions=_REPORTER, preferences={("reply", "in_app"): False}),
        Person(name="nils", permissions=frozenset({"add"})),
        Person(name="zoe"),
        Person(name="igor", permissions=_AGENT, preferences={("status", "email"): False}),
        Person(name="ida", permissions=_AGENT, has_digest=True),
        Person(name="ivan", permissions=_AGENT),
        Person(name="iris", permissions=_AGENT, preferences={("assignment", "email"): False}),
        *(Person(name=f"agent{number}", permissions=_AGENT) for number in range(11)),
    )
}
MENTIONED = ("igor", "ida", "rosa", "nils", "zoe", "ines", "mona")
"""Users whom texts mention, some of them without effect."""


def create_people() -> dict[str, int]:
    """Create the users, and return name to ID."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415 -- needs the settings
    from django.contrib.auth.hashers import make_password  # noqa: PLC0415
    from django.contrib.auth.models import Permission  # noqa: PLC0415

    from help_desk.enums import EmailFrequency  # noqa: PLC0415
    from help_desk.models import EmailSchedule, NotificationPreference  # noqa: PLC0415

    password, ids = make_password(PASSWORD), {}
    for person in PEOPLE.values():
        user = get_user_model().objects.create(
            username=person.name,
            email=person.email,
            password=password,
            is_active=person.is_active,
            is_superuser=person.is_superuser,
        )
        codenames = [f"{action}_helpdeskticket" for action in person.permissions]
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        if person.has_digest:
            EmailSchedule.objects.create(user=user, frequency=EmailFrequency.HOURLY)
        for (kind, channel), enabled in person.preferences.items():
            NotificationPreference.objects.create(
                user=user, kind=kind, channel=channel, enabled=enabled
            )
        ids[person.name] = user.pk
    return ids
