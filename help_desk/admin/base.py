"""What the help desk's pages in the admin have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from help_desk.auth import policy

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest
    from django.utils.safestring import SafeString

    ReadOnlyAdminBase = admin.ModelAdmin[Any]
else:
    # Django's admin classes cannot be subscripted at run time.
    ReadOnlyAdminBase = admin.ModelAdmin


def user_search_fields(relation: str) -> tuple[str, ...]:
    """Name what an account is found by, whatever the host's user model calls it.

    Args:
        relation: The field that leads to the account.

    Returns:
        Paths to the fields, for `search_fields`.
    """
    user_model = get_user_model()
    names = dict.fromkeys((user_model.USERNAME_FIELD, user_model.get_email_field_name()))
    found = []
    for name in names:
        try:
            user_model._meta.get_field(name)
        except FieldDoesNotExist:
            continue
        found.append(f"{relation}__{name}")
    return tuple(found)


def link(view: str, key: Any, text: object) -> SafeString:
    """Link to the page of a row.

    Args:
        view: Name of the admin's view, without the app's.
        key: The row's key.
        text: What the link says.

    Returns:
        HTML.
    """
    url = reverse(f"admin:django_spire_help_desk_{view}", args=[key])
    return format_html('<a href="{}">{}</a>', url, text)


def list_link(view: str, lookup: str, key: Any, text: object) -> SafeString:
    """Link to a list that is narrowed down.

    Args:
        view: Name of the model, as the admin's views have it.
        lookup: By what it is narrowed.
        key: The value of that.
        text: What the link says.

    Returns:
        HTML.
    """
    url = reverse(f"admin:django_spire_help_desk_{view}_changelist")
    return format_html('<a href="{}?{}={}">{}</a>', url, lookup, key, text)


class ReadOnlyAdmin(ReadOnlyAdminBase):
    """Rows that the package writes and nobody changes."""

    show_full_result_count = False
    link_lookup: ClassVar[str] = ""
    """By what links from elsewhere narrow the list down."""

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Allow those links.

        Args:
            lookup: What the URL asks for.
            value: The value it names.
            request: The request.

        Returns:
            Whether Django may filter by it.
        """
        return lookup == self.link_lookup or super().lookup_allowed(lookup, value, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave out what is of internal notes for staff who may not read these.

        Args:
            request: Whose sender asks.

        Returns:
            Rows.
        """
        rows: Any = super().get_queryset(request)
        if not policy.may_see_internal(request.user):
            rows = rows.public()
        readable: QuerySet[Any] = rows
        return readable

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds rows by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes rows."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes rows."""
        return False


class OfTicketAdmin(ReadOnlyAdmin):
    """Rows that belong to one ticket each."""

    @admin.display(description=_("Ticket"), ordering="ticket")
    def ticket_link(self, row: Any) -> SafeString:
        """Link to the ticket.

        Args:
            row: The row that is shown.

        Returns:
            A link.
        """
        return link("helpdeskticket_change", row.ticket_id, f"#{row.ticket_id}")
