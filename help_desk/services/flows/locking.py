"""Locking a ticket for a change."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import router
from django.utils.translation import gettext as _

from help_desk.models import HelpDeskTicket
from help_desk.services.flows.transactions import repeatable_transaction

if TYPE_CHECKING:
    from collections.abc import Iterator


def database_of(ticket: HelpDeskTicket) -> str:
    """Return the alias of the database that a ticket is written to."""
    return router.db_for_write(HelpDeskTicket, instance=ticket)


@contextmanager
def locked(ticket: HelpDeskTicket) -> Iterator[HelpDeskTicket]:
    """Lock the ticket's row in a transaction and yield its current state; for `retried` flows.

    The caller's instance gets the values that were saved, once they are committed. Its own
    unsaved changes are ignored.
    """
    using = database_of(ticket)
    with repeatable_transaction(using):
        current = HelpDeskTicket.objects.using(using).get_for_update(ticket.pk)
        yield current
        ticket.tracker.remember_before_save(using)
    _refresh(ticket, current)


def _refresh(ticket: HelpDeskTicket, current: HelpDeskTicket) -> None:
    for field in HelpDeskTicket._meta.concrete_fields:
        setattr(ticket, field.attname, getattr(current, field.attname))
    ticket.tracker.set_saved_fields()


def validate_not_deleted(ticket: HelpDeskTicket) -> None:
    """Raise ValidationError if the ticket was deleted."""
    if ticket.is_deleted:
        raise ValidationError(
            _("%(ticket)s was deleted."), code="deleted", params={"ticket": ticket}
        )
