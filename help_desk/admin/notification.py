"""Notifications in the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.contrib.auth import get_permission_codename, get_user_model
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from help_desk.admin.base import ReadOnlyAdmin, change_link, user_search_fields
from help_desk.auth import policy
from help_desk.delivery import dispatch
from help_desk.models import Notification

if TYPE_CHECKING:
    from django.db.models import Model
    from django.http import HttpRequest
    from django.utils.safestring import SafeString

    from help_desk.querysets import NotificationQuerySet


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """View notifications, and send failed and skipped ones again."""

    list_display = (
        "pk",
        "event_link",
        "channel",
        "recipient",
        "address",
        "status",
        "attempts",
        "created_datetime",
        "error",
    )
    list_filter = ("status", "channel")
    list_select_related = ("event__ticket", "recipient")
    link_lookup = "event__id__exact"
    ordering = ("-pk",)
    search_fields = ("=event__ticket__id", "address", *user_search_fields("recipient"))
    fields = (
        "event_link",
        "channel",
        "recipient",
        "address",
        "status",
        "created_datetime",
        "read_datetime",
        "scheduled_datetime",
        "due_datetime",
        "attempts",
        "error",
        "sent_datetime",
    )
    readonly_fields = fields
    actions = ("send_again",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Allow deletion together with the recipient only.

        On the pages of the user model, Django asks whether the user's notifications may be
        deleted with the user.
        """
        user_options = get_user_model()._meta
        user_pages = f"{user_options.app_label}_{user_options.model_name}_"
        match = request.resolver_match
        if match is None or not (match.url_name or "").startswith(user_pages):
            return False
        codename = get_permission_codename("delete", user_options)
        can_delete_users: bool = request.user.has_perm(f"{user_options.app_label}.{codename}")
        return can_delete_users

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Return whether the user can send notifications again: with the change permission."""
        return policy.can(request.user, "change")

    @admin.action(description=_("Send selected notifications again"), permissions=["send"])
    def send_again(self, request: HttpRequest, queryset: NotificationQuerySet) -> None:
        """Send the failed and skipped notifications among the selected ones as if new."""
        count = dispatch.resend(queryset)
        message = ngettext(
            "%(count)d notification will be sent again.",
            "%(count)d notifications will be sent again.",
            count,
        )
        self.message_user(request, message % {"count": count}, messages.SUCCESS)

    @admin.display(description=_("Event"), ordering="event")
    def event_link(self, notification: Notification) -> SafeString:
        """Return a link to the event."""
        event = notification.event
        return change_link("ticketevent", event.pk, event)
