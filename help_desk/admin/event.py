"""The history of tickets in the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from help_desk.admin.base import RelatedToTicketAdmin, changelist_link
from help_desk.content.wording import format_value, user_names
from help_desk.models import TicketEvent

if TYPE_CHECKING:
    from django.utils.safestring import SafeString


@admin.register(TicketEvent)
class TicketEventAdmin(RelatedToTicketAdmin):
    """View the events of tickets."""

    list_display = ("pk", "ticket_link", "type", "actor", "created_datetime", "changed_fields")
    list_filter = ("type",)
    list_select_related = ("ticket", "actor")
    link_lookup = "ticket__id__exact"
    ordering = ("-pk",)
    search_fields = ("=ticket__id",)
    search_help_text = _("A ticket's number")
    fields = (
        "ticket_link",
        "type",
        "actor",
        "created_datetime",
        "changed_values",
        "notifications_link",
    )
    readonly_fields = fields

    @admin.display(description=_("Fields"))
    def changed_fields(self, event: TicketEvent) -> str:
        """Return the names of the changed fields."""
        return ", ".join(event.values)

    @admin.display(description=_("Changes"))
    def changed_values(self, event: TicketEvent) -> SafeString:
        """Return a line with the old and the new value of each changed field."""
        names = user_names([event])
        lines = (
            (
                name,
                format_value(name, old, names) or "–",
                format_value(name, new, names) or "–",
            )
            for name, (old, new) in event.values.items()
        )
        return format_html_join(mark_safe("<br>"), "{}: {} → {}", lines)

    @admin.display(description=_("Notifications"))
    def notifications_link(self, event: TicketEvent) -> SafeString:
        """Return a link to the notifications of the event."""
        return changelist_link(
            "notification", "event__id__exact", event.pk, _("Notifications of this event")
        )
