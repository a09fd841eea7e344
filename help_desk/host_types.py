"""Types that the host decides; for annotations only."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias

    # django-stubs puts the host's own user model in its place.
    from django.contrib.auth.models import User

    Account: TypeAlias = User
