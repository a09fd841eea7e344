"""The operator's view: tickets to mend, history and notifications to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from help_desk.auth import policy
from help_desk.auth.holders import holders
from help_desk.models import HelpDeskTicket, Notification, TicketComment, TicketEvent
from help_desk.notifications import outbox
from help_desk.notifications.content import display, people_in, summary

if TYPE_CHECKING:
    from django.db.models import ForeignKey, Model, QuerySet
    from django.forms import ModelChoiceField, ModelForm
    from django.http import HttpRequest
    from django.utils.safestring import SafeString

    from help_desk.querysets import NotificationQuerySet

    TicketAdminBase = admin.ModelAdmin[HelpDeskTicket]
    ReadOnlyAdminBase = admin.ModelAdmin[Any]
else:
    # Django's admin classes cannot be subscripted at run time.
    TicketAdminBase = admin.ModelAdmin
    ReadOnlyAdminBase = admin.ModelAdmin


def _account_search_fields(relation: str) -> tuple[str, ...]:
    """Name what an account is found by, whatever the host's user model calls it."""
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


@admin.register(HelpDeskTicket)
class HelpDeskTicketAdmin(TicketAdminBase):
    """Tickets, deleted ones too; every change goes through the services.

    Deleting here is what it is on the pages: the row and its history stay, and the
    filter `is_deleted` finds it.
    """

    list_display = ("pk", "purpose", "priority", "status", "created_by", "created_datetime")
    list_filter = ("priority", "purpose", "status", "is_active", "is_deleted")
    list_select_related = ("created_by",)
    ordering = ("-created_datetime",)
    raw_id_fields = ("created_by",)
    readonly_fields = ("created_by", "created_datetime", "is_active", "is_deleted")
    search_fields = ("description", *_account_search_fields("created_by"))
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
        url = reverse("admin:django_spire_help_desk_ticketevent_changelist")
        return format_html(
            '<a href="{}?ticket__id__exact={}">{}</a>', url, ticket.pk, _("What happened to it")
        )

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
        if change:
            changed = {name: form.cleaned_data[name] for name in form.changed_data}
            obj.services.update(by=_sender(request), **changed)
        else:
            obj.services.create(created_by=_sender(request))

    def delete_model(self, request: HttpRequest, obj: HelpDeskTicket) -> None:
        """Delete a ticket as the pages do.

        Args:
            request: Whose sender deletes it.
            obj: The ticket.
        """
        obj.services.delete(by=_sender(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[HelpDeskTicket]) -> None:
        """Delete tickets as the pages do.

        Args:
            request: Whose sender deletes them.
            queryset: The tickets.
        """
        for ticket in queryset:
            ticket.services.delete(by=_sender(request))

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
            ticket.services.restore(by=_sender(request))
        message = ngettext(
            "%(count)d ticket was restored.", "%(count)d tickets were restored.", len(tickets)
        )
        self.message_user(request, message % {"count": len(tickets)}, messages.SUCCESS)


def _sender(request: HttpRequest) -> Any:
    """The account behind a request; the admin lets nobody anonymous in."""
    return request.user


def _plural() -> str:
    return str(HelpDeskTicket._meta.verbose_name_plural)


class ReadOnlyAdmin(ReadOnlyAdminBase):
    """Rows that the package writes and nobody changes."""

    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave out what is of internal notes for staff who may not read these.

        Args:
            request: Whose sender asks.

        Returns:
            Rows.
        """
        rows: Any = super().get_queryset(request)
        if not policy.may_see_internal(request.user):
            rows = rows.without_notes()
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


def _link(view: str, url_args: list[Any], text: object) -> SafeString:
    url = reverse(f"admin:django_spire_help_desk_{view}", args=url_args)
    return format_html('<a href="{}">{}</a>', url, text)


@admin.register(TicketEvent)
class TicketEventAdmin(ReadOnlyAdmin):
    """What happened to tickets."""

    list_display = ("pk", "ticket_link", "type", "actor", "created_datetime", "changed_fields")
    list_filter = ("type",)
    list_select_related = ("ticket", "actor")
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

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Allow the link from a ticket to its events.

        Args:
            lookup: What the URL asks for.
            value: The value it names.
            request: The request.

        Returns:
            Whether Django may filter by it.
        """
        return lookup == "ticket__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("Ticket"), ordering="ticket")
    def ticket_link(self, event: TicketEvent) -> SafeString:
        """Link to the ticket.

        Args:
            event: The event that is shown.

        Returns:
            A link.
        """
        return _link("helpdeskticket_change", [event.ticket_id], f"#{event.ticket_id}")

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
        people = people_in([event])
        lines = [
            format_html(
                "{}: {} → {}",
                name,
                display(name, old, people) or "–",
                display(name, new, people) or "–",
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
        url = reverse("admin:django_spire_help_desk_notification_changelist")
        return format_html(
            '<a href="{}?event__id__exact={}">{}</a>', url, event.pk, _("Who was told")
        )


@admin.register(TicketComment)
class TicketCommentAdmin(ReadOnlyAdmin):
    """What people said on tickets; they correct it themselves, on the pages."""

    list_display = ("pk", "ticket_link", "author", "is_internal", "created_datetime", "beginning")
    list_filter = ("is_internal",)
    list_select_related = ("author",)
    ordering = ("-pk",)
    search_fields = ("=ticket__id", "text", *_account_search_fields("author"))
    fields = (
        "ticket_link",
        "author",
        "is_internal",
        "created_datetime",
        "edited_datetime",
        "text",
    )
    readonly_fields = fields

    @admin.display(description=_("Ticket"), ordering="ticket")
    def ticket_link(self, comment: TicketComment) -> SafeString:
        """Link to the ticket.

        Args:
            comment: The comment that is shown.

        Returns:
            A link.
        """
        return _link("helpdeskticket_change", [comment.ticket_id], f"#{comment.ticket_id}")

    @admin.display(description=_("Text"))
    def beginning(self, comment: TicketComment) -> str:
        """Show how the text begins.

        Args:
            comment: The comment that is shown.

        Returns:
            One line.
        """
        return summary(comment.text)


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
    ordering = ("-pk",)
    search_fields = ("=event__ticket__id", "address", *_account_search_fields("recipient"))
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
        count = outbox.send_again(queryset)
        message = ngettext(
            "%(count)d notification will be sent again.",
            "%(count)d notifications will be sent again.",
            count,
        )
        self.message_user(request, message % {"count": count}, messages.SUCCESS)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Allow the link from an event to its notifications.

        Args:
            lookup: What the URL asks for.
            value: The value it names.
            request: The request.

        Returns:
            Whether Django may filter by it.
        """
        return lookup == "event__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("Event"), ordering="event")
    def event_link(self, notification: Notification) -> SafeString:
        """Link to the event.

        Args:
            notification: The notification that is shown.

        Returns:
            A link.
        """
        event = notification.event
        return _link("ticketevent_change", [event.pk], event)
