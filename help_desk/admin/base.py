"""What the admin pages of the help desk share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from help_desk.auth import policy
from help_desk.auth.user_model import user_email_field

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest
    from django.utils.safestring import SafeString

    AnyModelAdmin = admin.ModelAdmin[Any]
else:
    # Django's admin classes cannot be subscripted at run time.
    AnyModelAdmin = admin.ModelAdmin


def user_search_fields(relation: str) -> tuple[str, ...]:
    """Return the lookups of a related user's username and, if there is one, email address."""
    user_model = get_user_model()
    names = dict.fromkeys((user_model.USERNAME_FIELD, user_email_field()))
    return tuple(f"{relation}__{name}" for name in names if name)


def change_link(model: str, pk: Any, text: object) -> SafeString:
    """Return a link to the page of a row."""
    url = reverse(f"admin:django_spire_help_desk_{model}_change", args=[pk])
    return format_html('<a href="{}">{}</a>', url, text)


def changelist_link(model: str, lookup: str, pk: Any, text: object) -> SafeString:
    """Return a link to a filtered list."""
    url = reverse(f"admin:django_spire_help_desk_{model}_changelist")
    return format_html('<a href="{}?{}={}">{}</a>', url, lookup, pk, text)


class ReadOnlyAdmin(AnyModelAdmin):
    """Rows that only the package writes."""

    show_full_result_count = False
    link_lookup: ClassVar[str] = ""
    """The lookup that links from other admin pages filter the list by."""

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Allow the lookup of links from other admin pages."""
        return lookup == self.link_lookup or super().lookup_allowed(lookup, value, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave out internal notes for staff who cannot see them."""
        rows: Any = super().get_queryset(request)
        visible: QuerySet[Any] = policy.hide_internal(rows, request.user)
        return visible

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False."""
        return False


class RelatedToTicketAdmin(ReadOnlyAdmin):
    """Rows that belong to one ticket each."""

    @admin.display(description=_("Ticket"), ordering="ticket")
    def ticket_link(self, row: Any) -> SafeString:
        """Return a link to the ticket."""
        return change_link("helpdeskticket", row.ticket_id, f"#{row.ticket_id}")
