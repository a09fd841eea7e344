"""Tickets in the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from help_desk.admin.base import changelist_link, user_search_fields
from help_desk.admin.ticket_form import TicketAdminForm
from help_desk.exceptions import TicketConflictError
from help_desk.models import HelpDeskTicket

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from django.forms import ModelForm
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString

    TicketModelAdmin = admin.ModelAdmin[HelpDeskTicket]
else:
    # Django's admin classes cannot be subscripted at run time.
    TicketModelAdmin = admin.ModelAdmin


@admin.register(HelpDeskTicket)
class HelpDeskTicketAdmin(TicketModelAdmin):
    """Manage tickets, including deleted ones; every change goes through `ticket.services`.

    Deletion is soft, as on the pages: the row and its history stay, and the filter
    `is_deleted` finds it.
    """

    form = TicketAdminForm
    list_display = ("pk", "purpose", "priority", "status", "created_by", "created_datetime")
    list_filter = ("priority", "purpose", "status", "is_active", "is_deleted")
    list_select_related = ("created_by",)
    ordering = ("-created_datetime",)
    raw_id_fields = ("created_by",)
    readonly_fields = ("created_by", "created_datetime", "is_active", "is_deleted")
    search_fields = ("description", *user_search_fields("created_by"))
    actions = ("restore_selected",)
    show_full_result_count = False

    def get_readonly_fields(
        self, request: HttpRequest, obj: HelpDeskTicket | None = None
    ) -> tuple[str, ...]:
        """Add the link to the history, if the ticket exists."""
        return self.readonly_fields if obj is None else (*self.readonly_fields, "history")

    def get_fields(self, request: HttpRequest, obj: HelpDeskTicket | None = None) -> list[Any]:
        """Leave out the version, which `get_fieldsets` adds."""
        return [name for name in super().get_fields(request, obj) if name != "version"]

    def get_fieldsets(self, request: HttpRequest, obj: HelpDeskTicket | None = None) -> list[Any]:
        """Add the version as a hidden field, if there is a form to change the ticket."""
        fieldsets = list(super().get_fieldsets(request, obj))
        if obj is not None and self.has_change_permission(request, obj):
            fieldsets.append((None, {"fields": ("version",), "classes": ("hidden",)}))
        return fieldsets

    def get_queryset(self, request: HttpRequest) -> QuerySet[HelpDeskTicket]:
        """Fetch each ticket with its version."""
        tickets: Any = super().get_queryset(request)
        with_version: QuerySet[HelpDeskTicket] = tickets.with_version()
        return with_version

    @admin.display(description=_("History"))
    def history(self, ticket: HelpDeskTicket) -> SafeString:
        """Return a link to the ticket's events."""
        return changelist_link(
            "ticketevent", "ticket__id__exact", ticket.pk, _("Events of this ticket")
        )

    def has_change_permission(
        self, request: HttpRequest, obj: HelpDeskTicket | None = None
    ) -> bool:
        """Show deleted tickets read-only; they can be restored in the list.

        A form that was opened before the deletion can still be submitted: the form reports the
        deletion and keeps what was typed.
        """
        is_read_only = obj is not None and obj.is_deleted and request.method != "POST"
        return not is_read_only and super().has_change_permission(request, obj)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Validate the form again if its values became invalid before they were saved.

        By then all that the request wrote is rolled back, including the log entry. The form
        reports what changed: the ticket or the assignee. An error with another cause is raised
        again.
        """
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (
            HelpDeskTicket.DoesNotExist,
            IntegrityError,  # the assignee was deleted
            TicketConflictError,
            ValidationError,
        ):
            return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(
        self, request: HttpRequest, obj: HelpDeskTicket, form: ModelForm[Any], change: Any
    ) -> None:
        """Create or update the ticket through its service."""
        if not change:
            obj.services.create(created_by=_user(request))
            return
        fields = dict(form.cleaned_data)
        version = fields.pop("version", None)
        event = obj.services.update(actor=_user(request), base_version=version, **fields)
        # The log entry contains what this request changed, not what others changed before.
        changes = event.changes if event else {}
        form.changed_data = [name for name in form.fields if name in changes]

    def delete_model(self, request: HttpRequest, obj: HelpDeskTicket) -> None:
        """Delete a ticket softly."""
        obj.services.delete(actor=_user(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[HelpDeskTicket]) -> None:
        """Delete tickets softly."""
        for ticket in queryset:
            ticket.services.delete(actor=_user(request))

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """List only the tickets: related rows are kept."""
        tickets = list(objs)
        label = str(HelpDeskTicket._meta.verbose_name_plural)
        return [str(ticket) for ticket in tickets], {label: len(tickets)}, set(), []

    @admin.action(description=_("Restore selected tickets"), permissions=["delete"])
    def restore_selected(self, request: HttpRequest, queryset: QuerySet[HelpDeskTicket]) -> None:
        """Restore the deleted tickets among the selected ones."""
        tickets = list(queryset.filter(is_deleted=True))
        for ticket in tickets:
            ticket.services.restore(actor=_user(request))
        message = ngettext(
            "%(count)d ticket was restored.", "%(count)d tickets were restored.", len(tickets)
        )
        self.message_user(request, message % {"count": len(tickets)}, messages.SUCCESS)


def _user(request: HttpRequest) -> User:
    """Return the request's user; anonymous users cannot reach the admin."""
    user: Any = request.user
    return user  # type: ignore[no-any-return]
