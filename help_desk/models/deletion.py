"""What deleting a user does to the tickets that are assigned to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from help_desk.querysets import HelpDeskTicketQuerySet

if TYPE_CHECKING:
    from django.db.models import Field, QuerySet
    from django.db.models.deletion import Collector


def unassign(
    collector: Collector, field: Field[Any, Any], sub_objs: QuerySet[Any], using: str
) -> None:
    """Unassign the tickets with an event of each; an `on_delete` of foreign keys.

    Unlike with a signal, the number of queries does not depend on the number of users, and
    collecting what would be deleted, as the admin does, changes nothing.
    """
    tickets = _AssignedTickets(sub_objs.model, sub_objs.query, using=using)
    collector.add_field_update(field, None, tickets)


unassign.lazy_sub_objs = True  # type: ignore[attr-defined]  # read by Django, as of SET_NULL


class _AssignedTickets(HelpDeskTicketQuerySet):
    """The tickets of deleted users, which Django updates once everything is collected."""

    def update(self, **values: Any) -> int:
        return self.unassign()
