"""Who was told of what; to be read, and sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.contrib.auth import get_permission_codename, get_user_model
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from help_desk.admin.base import ReadOnlyAdmin, link, user_search_fields
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
    """Who was told of what, and what became of it."""

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
        """Let rows go with the account that they were for, and in no other way.

        Args:
            request: Whose sender asks; on the pages of accounts, Django asks whether what
                belongs to an account may be deleted.
            obj: The row, if it is about one.

        Returns:
            Whether it may.
        """
        accounts = get_user_model()._meta
        match = request.resolver_match
        pages = f"{accounts.app_label}_{accounts.model_name}_"
        if match is None or not (match.url_name or "").startswith(pages):
            return False
        codename = get_permission_codename("delete", accounts)
        may_delete: bool = request.user.has_perm(f"{accounts.app_label}.{codename}")
        return may_delete

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Say who may have something sent again: whoever may change tickets.

        Args:
            request: The request.

        Returns:
            Whether its sender may.
        """
        return policy.may(request.user, "change")

    @admin.action(description=_("Send selected notifications again"), permissions=["send"])
    def send_again(self, request: HttpRequest, queryset: NotificationQuerySet) -> None:
        """Have what failed or was skipped sent as if it were new.

        Args:
            request: Whose sender wants it.
            queryset: The rows; those that wait or were sent stay as they are.
        """
        count = dispatch.resend(queryset)
        message = ngettext(
            "%(count)d notification will be sent again.",
            "%(count)d notifications will be sent again.",
            count,
        )
        self.message_user(request, message % {"count": count}, messages.SUCCESS)

    @admin.display(description=_("Event"), ordering="event")
    def event_link(self, notification: Notification) -> SafeString:
        """Link to the event.

        Args:
            notification: The notification that is shown.

        Returns:
            A link.
        """
        event = notification.event
        return link("ticketevent_change", event.pk, event)
