"""Addresses that unsubscribed, in the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin

from help_desk.admin.base import AnyModelAdmin
from help_desk.models import UnsubscribedAddress

if TYPE_CHECKING:
    from django.db.models import Model
    from django.http import HttpRequest


@admin.register(UnsubscribedAddress)
class UnsubscribedAddressAdmin(AnyModelAdmin):
    """View addresses that unsubscribed; delete one to send emails to it again."""

    list_display = ("address", "created_datetime")
    ordering = ("address",)
    search_fields = ("address",)
    fields = ("address", "created_datetime")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: only the link in an email shows that someone reads the mailbox."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False."""
        return False
