"""Creating a ticket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils.translation import gettext as _

from help_desk import signals
from help_desk.exceptions import RateLimitError
from help_desk.models import HelpDeskTicket, restore_on_error
from help_desk.services.flows.fields import apply_fields, validate_field_names
from help_desk.services.flows.follow import add_followers
from help_desk.services.flows.limits import validate_new_ticket
from help_desk.services.flows.locking import database_of
from help_desk.services.flows.mentions import find_mentioned
from help_desk.services.flows.notify import notify, save_and_notify
from help_desk.services.flows.submissions import find_submitted, record_submission
from help_desk.services.flows.transactions import repeatable_transaction, retried
from help_desk.text.mentions import mentioned_names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from django.contrib.auth.models import AnonymousUser, User

    from help_desk.services.flows.limits import MentionsOverLimit
    from help_desk.services.flows.mentions import Mentions


@dataclass(frozen=True, kw_only=True)
class CreateResult:
    """A created ticket, and the mentioned names of users who were not notified."""

    ticket: HelpDeskTicket
    unreached_mentions: tuple[str, ...]
    mentions_over_limit: MentionsOverLimit | None = None


@retried
def create_ticket(
    ticket: HelpDeskTicket,
    *,
    created_by: User | AnonymousUser,
    submission_token: UUID | None = None,
    enforce_limits: bool = False,
    **fields: Any,
) -> CreateResult:
    """Create a ticket and notify developers, managers and mentioned users.

    With a token that the user submitted before, return the ticket that was created then.
    """
    ticket.tracker.forget_rolled_back_saves()
    if not ticket._state.adding:
        raise ValidationError(
            _("%(ticket)s exists already. Use update() to change it."),
            code="already_created",
            params={"ticket": ticket},
        )
    validate_field_names(fields)
    apply_fields(ticket, {"assigned_to": ticket.assigned_to, **fields}, creator=created_by)
    names = mentioned_names(ticket.description)
    limited_author = ticket.created_by if enforce_limits else None
    using = database_of(ticket)
    first = find_submitted(ticket, submission_token, using)
    if first is None:
        try:
            if enforce_limits:
                validate_new_ticket(ticket.created_by, using)
            mentions = _create(ticket, names, submission_token, limited_author)
        except (IntegrityError, RateLimitError):
            ticket.tracker.forget_rolled_back_saves()  # The commit may have failed.
            # The form may have been submitted twice at the same moment.
            first = find_submitted(ticket, submission_token, using)
            if first is None:
                raise
        else:
            return _result(ticket, mentions)
    return _result(first, find_mentioned(names, first, limited_author=limited_author, using=using))


def _create(
    ticket: HelpDeskTicket,
    names: Sequence[str],
    submission_token: UUID | None,
    limited_author: User | None,
) -> Mentions:
    using = database_of(ticket)
    with repeatable_transaction(using), restore_on_error(ticket):
        assignee, ticket.assigned_to = ticket.assigned_to, None
        event = ticket.save_with_event(actor=ticket.created_by)
        if submission_token is not None:
            # Another request with the same token waits here, until this transaction ends.
            record_submission(ticket, submission_token, using)
        mentions = find_mentioned(names, ticket, limited_author=limited_author, using=using)
        add_followers(ticket.pk, mentions.user_ids, added_by_id=ticket.created_by_id, using=using)
        if event is not None:
            notify(event, mentioned=mentions.user_ids)
        signals.send_after_commit(
            signals.ticket_created, using=using, sender=HelpDeskTicket, ticket=ticket, event=event
        )
        if assignee is not None:
            # A separate event, so that the assignee is notified like at any assignment.
            ticket.assigned_to = assignee
            save_and_notify(ticket, actor=ticket.created_by)
    return mentions


def _result(ticket: HelpDeskTicket, mentions: Mentions) -> CreateResult:
    return CreateResult(
        ticket=ticket,
        unreached_mentions=mentions.unreached,
        mentions_over_limit=mentions.over_limit,
    )
