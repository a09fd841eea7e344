"""Replying, adding internal notes, and editing them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext as _

from help_desk.auth import policy
from help_desk.conf import help_desk_settings
from help_desk.enums import TicketEventType
from help_desk.models import HelpDeskTicket, TicketComment, TicketEvent
from help_desk.services.flows.conflicts import merge
from help_desk.services.flows.follow import add_followers
from help_desk.services.flows.limits import validate_new_reply
from help_desk.services.flows.locking import database_of, locked, validate_not_deleted
from help_desk.services.flows.mentions import find_mentioned
from help_desk.services.flows.notify import save_and_notify
from help_desk.services.flows.status import change_status
from help_desk.services.flows.transactions import retried
from help_desk.text.mentions import mentioned_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.contrib.auth.models import AnonymousUser, User

    from help_desk.services.flows.limits import MentionsOverLimit
    from help_desk.services.flows.mentions import Mentions


@dataclass(frozen=True, kw_only=True)
class CommentResult:
    """A saved comment, and the mentioned names of users who were not notified."""

    comment: TicketComment
    unreached_mentions: tuple[str, ...]
    mentions_over_limit: MentionsOverLimit | None = None


@retried
def add_comment(  # noqa: PLR0913 -- what a user fills in, and two choices of the caller
    ticket: HelpDeskTicket,
    *,
    author: User,
    text: str,
    internal: bool = False,
    status: str | None = None,
    base_version: int | None = None,
    enforce_limits: bool = False,
) -> CommentResult:
    """Add a reply or an internal note, with an optional change of status."""
    if internal and not policy.can_see_internal(author):
        raise PermissionDenied(_("Internal notes require the permission to change tickets."))
    comment = TicketComment(ticket=ticket, author=author, text=text, is_internal=internal)
    comment.clean_fields(exclude={"ticket", "author"})
    if status is not None:
        HelpDeskTicket._meta.get_field("status").clean(status, None)
    names = mentioned_names(text)
    with locked(ticket) as current:
        validate_not_deleted(current)
        duplicate = _find_duplicate(comment, base_version)
        if duplicate is None and enforce_limits:
            validate_new_reply(author, database_of(ticket))
        if status is not None and base_version is not None:
            status = merge(current, base_version, {"status": status}).get("status")
        if status is not None:
            change_status(current, status, actor=author)
        if duplicate is None:
            mentions = _save_comment(comment, current, names, enforce_limits=enforce_limits)
        else:
            # The form was sent twice: keep the comment, apply a status that is new this time.
            if status is not None:
                save_and_notify(current, actor=author)
            mentions = _find_mentions(duplicate, current, names, enforce_limits=enforce_limits)
    return CommentResult(
        comment=duplicate or comment,
        unreached_mentions=mentions.unreached,
        mentions_over_limit=mentions.over_limit,
    )


def _save_comment(
    comment: TicketComment, ticket: HelpDeskTicket, names: Sequence[str], *, enforce_limits: bool
) -> Mentions:
    author, using = comment.author, database_of(ticket)
    if comment.is_internal and ticket.tracker.changed():
        # The change of status is public, but the note is not: record a separate event.
        save_and_notify(ticket, actor=author)
    comment.save(using=using)
    if not comment.is_internal and comment.author_id != ticket.created_by_id:
        ticket.first_response_datetime = ticket.first_response_datetime or comment.created_datetime
    mentions = _find_mentions(comment, ticket, names, enforce_limits=enforce_limits)
    followers = {comment.author_id, *mentions.user_ids}
    add_followers(ticket.pk, followers, added_by_id=comment.author_id, using=using)
    save_and_notify(ticket, actor=author, comment=comment, mentioned=mentions.user_ids)
    return mentions


def _find_mentions(
    comment: TicketComment, ticket: HelpDeskTicket, names: Sequence[str], *, enforce_limits: bool
) -> Mentions:
    return find_mentioned(
        names,
        ticket,
        internal=comment.is_internal,
        limited_author=comment.author if enforce_limits else None,
        using=database_of(ticket),
    )


def _find_duplicate(comment: TicketComment, base_version: int | None) -> TicketComment | None:
    """Find a comment with the same text that its author added since the version they saw."""
    if base_version is None:
        return None
    events = TicketEvent.objects.using(database_of(comment.ticket)).filter(
        ticket_id=comment.ticket_id,
        pk__gt=base_version,
        type=TicketEventType.COMMENT,
        comment__author_id=comment.author_id,
        comment__is_internal=comment.is_internal,
    )
    for event in events.select_related("comment").oldest_first():
        if event.comment is not None and event.new_value("text") == comment.text:
            return event.comment
    return None


@retried
def edit_comment(
    ticket: HelpDeskTicket, comment: TicketComment, text: str, *, actor: User
) -> TicketComment:
    """Edit a comment; the earlier text stays in the history."""
    if not can_edit_comment(comment, actor):
        raise PermissionDenied(_("Only the author can edit a comment, for a limited time."))
    with locked(ticket) as locked_ticket:
        validate_not_deleted(locked_ticket)
        using = database_of(ticket)
        current = TicketComment.objects.using(using).get(pk=comment.pk, ticket_id=ticket.pk)
        old, current.text = current.text, text
        current.clean_fields(exclude={"ticket", "author"})
        if text != old:
            current.edited_datetime = timezone.now()
            current.save(using=using)
            TicketEvent.objects.using(using).record(
                ticket=locked_ticket,
                type=TicketEventType.UPDATE,
                actor=actor,
                comment=current,
                changes={"text": [old, text]},
            )
    comment.text, comment.edited_datetime = current.text, current.edited_datetime
    return comment


def can_edit_comment(comment: TicketComment, user: User | AnonymousUser) -> bool:
    """Whether a user can edit a comment now."""
    # Comments of deleted users have no author, and anonymous users have no ID either.
    if user.pk is None or comment.author_id != user.pk:
        return False
    if comment.is_internal and not policy.can_see_internal(user):
        return False
    age = timezone.now() - comment.created_datetime
    return age <= timedelta(seconds=help_desk_settings.COMMENT_EDIT_TIME)
