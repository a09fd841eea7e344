"""What happened to tickets, to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from help_desk.admin.base import OfTicketAdmin, list_link
from help_desk.content.wording import format_value, user_names
from help_desk.models import TicketEvent

if TYPE_CHECKING:
    from django.utils.safestring import SafeString


@admin.register(TicketEvent)
class TicketEventAdmin(OfTicketAdmin):
    """What happened to tickets."""

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
        "changes_in_words",
        "notified",
    )
    readonly_fields = fields

    @admin.display(description=_("Fields"))
    def changed_fields(self, event: TicketEvent) -> str:
        """Name the fields that changed.

        Args:
            event: The event that is shown.

        Returns:
            Their names.
        """
        return ", ".join(event.changes)

    @admin.display(description=_("Changes"))
    def changes_in_words(self, event: TicketEvent) -> SafeString:
        """Say what became of each field.

        Args:
            event: The event that is shown.

        Returns:
            A line per field.
        """
        people = user_names([event])
        lines = [
            format_html(
                "{}: {} → {}",
                name,
                format_value(name, old, people) or "–",
                format_value(name, new, people) or "–",
            )
            for name, (old, new) in event.changes.items()
        ]
        return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in lines))

    @admin.display(description=_("Notifications"))
    def notified(self, event: TicketEvent) -> SafeString:
        """Link to who was told.

        Args:
            event: The event that is shown.

        Returns:
            A link.
        """
        return list_link("notification", "event__id__exact", event.pk, _("Who was told"))
