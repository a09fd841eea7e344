"""Comments in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from help_desk.admin.base import RelatedToTicketAdmin, user_search_fields
from help_desk.content.wording import summary
from help_desk.models import TicketComment


@admin.register(TicketComment)
class TicketCommentAdmin(RelatedToTicketAdmin):
    """View replies and internal notes; their authors edit them on the pages."""

    list_display = ("pk", "ticket_link", "author", "is_internal", "created_datetime", "summary")
    list_filter = ("is_internal",)
    list_select_related = ("author",)
    ordering = ("-pk",)
    search_fields = ("=ticket__id", "text", *user_search_fields("author"))
    fields = (
        "ticket_link",
        "author",
        "is_internal",
        "created_datetime",
        "edited_datetime",
        "text",
    )
    readonly_fields = fields

    @admin.display(description=_("Text"))
    def summary(self, comment: TicketComment) -> str:
        """Return the beginning of the text, as one line."""
        return summary(comment.text)
