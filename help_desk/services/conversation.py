"""Talking on a ticket: replies, notes, and who listens."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext as _

from help_desk.auth import policy
from help_desk.conf import help_desk_settings
from help_desk.enums import TicketEventType
from help_desk.mentions import mentioned_names
from help_desk.models import HelpDeskTicket, TicketComment, TicketEvent
from help_desk.services.mentioned import find_mentioned
from help_desk.services.preference_service import add_followers, set_muted
from help_desk.services.work import WorkMethods

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from django.contrib.auth.models import AnonymousUser

    from help_desk.host_types import Account


class ConversationMethods(WorkMethods):
    """Comments and followers."""

    def comment(
        self,
        by: Account,
        text: str,
        internal: bool = False,  # noqa: FBT001, FBT002 -- the contract's signature
        *,
        status: str | None = None,
        drawn_from: int | None = None,
    ) -> TicketComment:
        """Reply to everybody on the ticket, or note something among those who work on it.

        The author follows the ticket from then on, and so does whoever is mentioned as
        `@name` and may see what was written. Whether the author may reply is the caller's
        to ask.

        Args:
            by: Who writes.
            text: What they write: plain text.
            internal: Whether it is a note for holders of the change permission only.
            status: A status that the ticket gets with it.
            drawn_from: The `version` of the ticket that the author had before them. Given
                it, the same text is written once, however often it is sent, and no status
                that somebody else has set since is overwritten.

        Returns:
            The comment; its `unreached_mentions` are the names that it mentions and whose
            owners are not told, because there is no such account or it may not see the
            comment.

        Raises:
            PermissionDenied: An internal note by somebody who may not see such notes.
            ValidationError: A text or status that cannot be; or the ticket was deleted.
            TicketConflictError: Somebody else has set another status since; nothing is
                written.
        """
        if internal and not policy.may_see_internal(by):
            raise PermissionDenied(_("Internal notes need the permission to change tickets."))
        comment = TicketComment(ticket=self.obj, author=by, text=text, is_internal=internal)
        comment.clean_fields(exclude={"ticket", "author"})
        if status is not None:
            HelpDeskTicket._meta.get_field("status").clean(status, None)
        names = mentioned_names(comment.text)
        with self._locked() as ticket:
            self._refuse_deleted(ticket)
            if sent := self._sent_before(comment, drawn_from):
                self._mentioned_in(sent, names)
                return self._say_again(sent, ticket, by, status, drawn_from)
            if status is not None and drawn_from is not None:
                status = self._merge(ticket, drawn_from, {"status": status}).get("status")
            if status is not None:
                self._put_status(ticket, status, by)
                if internal:
                    # An event of its own: everybody may know of it, but not of the note.
                    self._save(ticket, by)
            comment.save(using=self._using)
            if not internal and by.pk != ticket.created_by_id:
                ticket.first_response_datetime = (
                    ticket.first_response_datetime or comment.created_datetime
                )
            mentioned = self._mentioned_in(comment, names)
            add_followers(ticket.pk, {by.pk, *mentioned}, using=self._using)
            self._save(ticket, by, comment=comment, mentioned=mentioned, names=names)
        return comment

    def _sent_before(self, comment: TicketComment, drawn_from: int | None) -> TicketComment | None:
        """Find what the author has said in the same words since the version they saw."""
        if drawn_from is None:
            return None
        events = TicketEvent.objects.using(self._using).filter(
            ticket_id=self.obj.pk,
            pk__gt=drawn_from,
            type=TicketEventType.COMMENT,
            comment__author_id=comment.author_id,
            comment__is_internal=comment.is_internal,
        )
        for event in events.select_related("comment").order_by("pk"):
            if event.comment is not None and event.changes["text"][1] == comment.text:
                return event.comment
        return None

    def _say_again(
        self,
        sent: TicketComment,
        ticket: HelpDeskTicket,
        by: Account,
        status: str | None,
        drawn_from: int | None,
    ) -> TicketComment:
        """Leave what was sent before as it is; set the status, if that came with this time only."""
        if status is not None and drawn_from is not None:
            meant = self._merge(ticket, drawn_from, {"status": status})
            self._put_status(ticket, meant.get("status", ticket.status), by)
            self._save(ticket, by)
        return sent

    def correct_comment(self, comment: TicketComment, by: Account, text: str) -> TicketComment:
        """Correct what one wrote; the earlier text stays in the history.

        Args:
            comment: A comment of this ticket.
            by: Its author.
            text: What it should say.

        Returns:
            The comment.

        Raises:
            PermissionDenied: Somebody else's comment, or a note of somebody who may not see
                notes any more, or the time for corrections is over.
            TicketComment.DoesNotExist: It is another ticket's comment.
            ValidationError: A text that cannot be; or the ticket was deleted.
        """
        if not may_correct(comment, by):
            raise PermissionDenied(_("Only its author may correct a comment, for a while."))
        with self._locked() as ticket:
            self._refuse_deleted(ticket)
            comments = TicketComment.objects.using(self._using)
            current = comments.get(pk=comment.pk, ticket_id=ticket.pk)
            old, current.text = current.text, text
            current.clean_fields(exclude={"ticket", "author"})
            if text != old:
                current.edited_datetime = timezone.now()
                current.save(using=self._using)
                TicketEvent.objects.using(self._using).record(
                    ticket=ticket,
                    is_new=False,
                    is_correction=True,
                    actor=by,
                    comment=current,
                    changes={"text": [old, text]},
                )
        comment.text, comment.edited_datetime = current.text, current.edited_datetime
        return comment

    def follow(self, user: Account) -> None:
        """Have somebody hear of the ticket; a mute of theirs ends.

        Args:
            user: Who wants to hear of it; whether they may see it is the caller's to ask.
        """
        set_muted(self.obj.pk, user.pk, is_muted=False, using=self._using)

    def mute(self, user: Account) -> None:
        """Have somebody hear no more of the ticket, whatever they are to it.

        Args:
            user: Who does not want to hear of it.
        """
        set_muted(self.obj.pk, user.pk, is_muted=True, using=self._using)

    def _mentioned_in(self, comment: TicketComment, names: Sequence[str]) -> Collection[Any]:
        mentioned, comment.unreached_mentions = find_mentioned(
            names, comment.ticket, self._using, internal=comment.is_internal
        )
        return mentioned


def may_correct(comment: TicketComment, by: Account | AnonymousUser) -> bool:
    """Say whether somebody may correct a comment now.

    Args:
        comment: The comment.
        by: Whoever asks.

    Returns:
        Whether they wrote it, not longer ago than the setting `COMMENT_EDIT_TIME` says, and
        may still read it where it is a note.
    """
    # Comments of erased accounts are nobody's, and visitors have no key either.
    if by.pk is None or comment.author_id != by.pk:
        return False
    if comment.is_internal and not policy.may_see_internal(by):
        return False
    age = timezone.now() - comment.created_datetime
    limit = timedelta(seconds=help_desk_settings.COMMENT_EDIT_TIME)
    return age <= limit
