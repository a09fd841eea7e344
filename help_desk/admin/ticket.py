"""Tickets, for whoever mends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from help_desk.admin.base import list_link, user_search_fields
from help_desk.admin.ticket_form import REFUSALS, TicketAdminForm
from help_desk.auth import policy
from help_desk.auth.holders import holders
from help_desk.models import HelpDeskTicket
from help_desk.views.page import base_version

if TYPE_CHECKING:
    from django.db.models import ForeignKey, QuerySet
    from django.forms import ModelChoiceField, ModelForm
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString

    TicketAdminBase = admin.ModelAdmin[HelpDeskTicket]
else:
    # Django's admin classes cannot be subscripted at run time.
    TicketAdminBase = admin.ModelAdmin


@admin.register(HelpDeskTicket)
class HelpDeskTicketAdmin(TicketAdminBase):
    """Tickets, deleted ones too; every change goes through the services.

    Deleting here is what it is on the pages: the row and its history stay, and the
    filter `is_deleted` finds it.
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
        """Add the link to the history of a ticket that exists.

        Args:
            request: The request.
            obj: The ticket, or None on the page that adds one.

        Returns:
            Names of fields and methods.
        """
        return self.readonly_fields if obj is None else (*self.readonly_fields, "history")

    def get_fields(self, request: HttpRequest, obj: HelpDeskTicket | None = None) -> list[Any]:
        """Leave out the version, which has a place of its own; see `get_fieldsets`.

        Args:
            request: The request.
            obj: The ticket, or None on the page that adds one.

        Returns:
            Names of fields and methods.
        """
        return [name for name in super().get_fields(request, obj) if name != "version"]

    def get_fieldsets(self, request: HttpRequest, obj: HelpDeskTicket | None = None) -> list[Any]:
        """Add the version that the form is drawn from, out of sight.

        Args:
            request: The request.
            obj: The ticket, or None on the page that adds one.

        Returns:
            The fieldsets; a ticket that may only be read has no form and so no version.
        """
        fieldsets = list(super().get_fieldsets(request, obj))
        if obj is not None and self.has_change_permission(request, obj):
            fieldsets.append((None, {"fields": ("version",), "classes": ("hidden",)}))
        return fieldsets

    def get_queryset(self, request: HttpRequest) -> QuerySet[HelpDeskTicket]:
        """Read each ticket together with its version.

        Args:
            request: The request.

        Returns:
            Tickets.
        """
        tickets: Any = super().get_queryset(request)
        versioned: QuerySet[HelpDeskTicket] = tickets.with_version()
        return versioned

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        """Offer as assignee only who may work on tickets.

        Args:
            db_field: The model's field.
            request: The request.
            **kwargs: As Django hands them on.

        Returns:
            The form's field.
        """
        if db_field.name == "assigned_to":
            accounts = get_user_model()._default_manager.using(kwargs.get("using"))
            able = Q(pk__in=holders(policy.permission("change"), accounts.db))
            match = request.resolver_match
            if match is not None and "object_id" in match.kwargs:
                # Who has it now stays on offer: saving something else must not release it.
                able |= Q(assigned_help_desk_ticket=match.kwargs["object_id"])
            kwargs["queryset"] = accounts.filter(able).distinct()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description=_("History"))
    def history(self, ticket: HelpDeskTicket) -> SafeString:
        """Link to the ticket's events.

        Args:
            ticket: The ticket that is shown.

        Returns:
            A link.
        """
        return list_link("ticketevent", "ticket__id__exact", ticket.pk, _("What happened to it"))

    def has_change_permission(
        self, request: HttpRequest, obj: HelpDeskTicket | None = None
    ) -> bool:
        """Show a deleted ticket as it is: it is restored first, by the action of the list.

        A form that was drawn before the deletion may still be posted: it is refused by an
        error of the form, so that what was typed is not lost.

        Args:
            request: Whose sender asks.
            obj: The ticket, if it is about one.

        Returns:
            Whether the sender may change it.
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
        """Show the form again, with an error, where its values cannot be saved.

        Whether they can is known only while the ticket is held, after the form was found
        valid. By then all that this request has written is rolled back, the admin's log
        entry included.

        Args:
            request: The request.
            object_id: The ticket's number; None on the page that adds one.
            form_url: As Django hands it on.
            extra_context: As Django hands it on.

        Returns:
            The page, or a redirect.
        """
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except REFUSALS as refusal:
            request.help_desk_refusal = refusal  # type: ignore[attr-defined]
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(
        self,
        request: HttpRequest,
        obj: HelpDeskTicket | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 - Django's signature
        **kwargs: Any,
    ) -> type[ModelForm[HelpDeskTicket]]:
        """Tell the form why its values were not saved.

        Args:
            request: The request.
            obj: The ticket, or None on the page that adds one.
            change: Whether the ticket was there before.
            **kwargs: As Django hands them on.

        Returns:
            The form's class, which is made for this request.
        """
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.refusal = getattr(request, "help_desk_refusal", None)
        made: type[ModelForm[HelpDeskTicket]] = form
        return made

    def save_model(
        self, request: HttpRequest, obj: HelpDeskTicket, form: ModelForm[Any], change: Any
    ) -> None:
        """File or change a ticket through its service.

        Args:
            request: Whose sender is creator or actor.
            obj: The ticket, with the form's values.
            form: The form, valid.
            change: Whether the ticket was there before.
        """
        if not change:
            obj.services.create(created_by=_sender(request))
            return
        fields = {name: value for name, value in form.cleaned_data.items() if name != "version"}
        version = base_version(request)
        event = obj.services.update(actor=_sender(request), base_version=version, **fields)
        # The log tells of what this changed, not of what others had changed before.
        changes = event.changes if event else {}
        form.changed_data = [name for name in form.fields if name in changes]

    def delete_model(self, request: HttpRequest, obj: HelpDeskTicket) -> None:
        """Delete a ticket as the pages do.

        Args:
            request: Whose sender deletes it.
            obj: The ticket.
        """
        obj.services.delete(actor=_sender(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[HelpDeskTicket]) -> None:
        """Delete tickets as the pages do.

        Args:
            request: Whose sender deletes them.
            queryset: The tickets.
        """
        for ticket in queryset:
            ticket.services.delete(actor=_sender(request))

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """Say what deleting takes along: nothing, since the rows stay.

        Args:
            objs: The tickets.
            request: Whose sender is about to delete them.

        Returns:
            The tickets themselves, their number, no missing permission, nothing protected.
        """
        tickets = list(objs)
        return [str(ticket) for ticket in tickets], {_plural(): len(tickets)}, set(), []

    @admin.action(description=_("Restore selected tickets"), permissions=["delete"])
    def restore_selected(self, request: HttpRequest, queryset: QuerySet[HelpDeskTicket]) -> None:
        """Take deletions back.

        Args:
            request: Whose sender restores them.
            queryset: The tickets; those that are not deleted stay as they are.
        """
        tickets = list(queryset.filter(is_deleted=True))
        for ticket in tickets:
            ticket.services.restore(actor=_sender(request))
        message = ngettext(
            "%(count)d ticket was restored.", "%(count)d tickets were restored.", len(tickets)
        )
        self.message_user(request, message % {"count": len(tickets)}, messages.SUCCESS)


def _sender(request: HttpRequest) -> Any:
    """The account behind a request; the admin lets nobody anonymous in."""
    return request.user


def _plural() -> str:
    return str(HelpDeskTicket._meta.verbose_name_plural)
