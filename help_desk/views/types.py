"""Types that views share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponseBase

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from help_desk.auth.controller import BaseHelpDeskAuthController


class HelpDeskRequest(HttpRequest):
    """A request that passed `permission_required`."""

    help_desk_auth: BaseHelpDeskAuthController
    user: User


View = Callable[..., HttpResponseBase]
