"""Talking on a ticket: replies, corrections, and whether one hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from help_desk.auth import policy
from help_desk.exceptions import TicketConflictError
from help_desk.forms.comment import CommentEditForm, ReplyForm
from help_desk.services.flows.comment import CommentResult, add_comment, can_edit_comment
from help_desk.views.access import forbidden, permission_required
from help_desk.views.deleted import answer_posts_to_deleted
from help_desk.views.page import (
    base_version,
    render_page,
    return_url,
    ticket_url,
    warn_of_unreached,
)
from help_desk.views.ticket_page import find_ticket, render_ticket
from help_desk.views.too_large import answer_too_large_posts

if TYPE_CHECKING:
    from django.http import HttpResponseBase

    from help_desk.models import HelpDeskTicket, TicketComment
    from help_desk.views.access import HelpDeskRequest


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("view")
@answer_too_large_posts
@answer_posts_to_deleted
def comment_view(request: HelpDeskRequest, pk: int) -> HttpResponseBase:
    """Reply on a ticket, or note something.

    Args:
        request: A POST brings `text`, perhaps `audience` and `status`, and the `version`
            of the ticket that the person had before them.
        pk: The ticket's number.

    Returns:
        A redirect to what was written; the ticket's page with what was typed and what is
        wrong with it; 403 for somebody else's ticket where one sees only one's own.

    Raises:
        Http404: There is no such ticket, or it was deleted.
    """
    ticket = find_ticket(request, pk)
    auth = request.help_desk_auth
    if not auth.can_view_ticket(ticket):
        return forbidden(request, "view")
    if request.method != "POST":
        # Whoever had to sign in first comes back by a GET.
        return HttpResponseRedirect(f"{ticket_url(ticket)}#help-desk-reply")
    form = ReplyForm(request.POST, ticket=ticket, can_see_internal=auth.can_see_internal())
    if form.is_valid():
        try:
            result = add_comment(
                ticket,
                author=request.user,
                text=form.cleaned_data["text"],
                internal=form.is_internal,
                status=form.cleaned_data.get("status") or None,
                base_version=base_version(request),
            )
        except TicketConflictError:
            # What is drawn now is what the ticket says now, so that they choose once more.
            ticket = find_ticket(request, pk)
            form = ReplyForm(request.POST, ticket=ticket, can_see_internal=auth.can_see_internal())
            form.is_valid()
            form.refuse_status(ticket)
            return render_ticket(request, ticket, reply=form)
        except ValidationError as error:
            form.add_service_error(error)
        else:
            return _said(request, ticket, result)
    return render_ticket(request, ticket, reply=form)


def _said(
    request: HelpDeskRequest, ticket: HelpDeskTicket, result: CommentResult
) -> HttpResponseBase:
    """Lead to what was written; above it, name those who were mentioned in vain."""
    comment = result.comment
    place = "" if result.unreached_mentions else f"#help-desk-comment-{comment.pk}"
    sentence = _("Your note was kept.") if comment.is_internal else _("Your reply was sent.")
    messages.success(request, sentence, fail_silently=True)
    warn_of_unreached(request, result.unreached_mentions)
    return HttpResponseRedirect(ticket_url(ticket) + place)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("view")
@answer_too_large_posts
def edit_comment_view(request: HelpDeskRequest, pk: int) -> HttpResponseBase:
    """Correct what one wrote, for a while.

    Args:
        request: GET asks for the form; POST brings `text`.
        pk: Key of the comment.

    Returns:
        The form, with what was typed and what is wrong with it; or a redirect to the
        comment.

    Raises:
        Http404: The person has written no such comment, or may not see it any more.
    """
    comment = _own_comment(request, pk)
    ticket = comment.ticket
    is_in_time = can_edit_comment(comment, request.user)
    if request.method != "POST" and not is_in_time:
        messages.warning(request, _too_late(), fail_silently=True)
        return HttpResponseRedirect(f"{ticket_url(ticket)}#help-desk-comment-{comment.pk}")
    form = CommentEditForm(request.POST if request.method == "POST" else {"text": comment.text})
    if request.method == "POST" and form.is_valid():
        try:
            ticket.services.edit_comment(
                comment, form.cleaned_data["text"], actor=request.user
            )
        except PermissionDenied:
            form.add_error(None, _too_late())
        except ValidationError as error:
            form.add_service_error(error)
        else:
            messages.success(request, _("Your correction was saved."), fail_silently=True)
            return HttpResponseRedirect(f"{ticket_url(ticket)}#help-desk-comment-{comment.pk}")
    context = {"form": form, "ticket": ticket, "comment": comment, "cancel_url": ticket_url(ticket)}
    return render_page(request, "help_desk/comment/edit.html", context, section="ticket")


def _own_comment(request: HelpDeskRequest, pk: int) -> TicketComment:
    comments = policy.visible_comments(request.user).select_related("ticket__created_by")
    own = comments.filter(author_id=request.user.pk, ticket__is_deleted=False)
    comment: TicketComment = get_object_or_404(own, pk=pk)
    if not request.help_desk_auth.can_view_ticket(comment.ticket):
        raise Http404
    return comment


def _too_late() -> str:
    return _("The time for corrections is over. Write a new reply instead.")


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("view")
@answer_too_large_posts
def follow_view(request: HelpDeskRequest, pk: int) -> HttpResponseBase:
    """Follow a ticket, or mute it.

    Args:
        request: A POST says by `wish` whether to `follow` or `mute`, and may say by
            `return_url` where to go afterwards, within the site.
        pk: The ticket's number.

    Returns:
        A redirect; 403 for somebody else's ticket where one sees only one's own.

    Raises:
        Http404: There is no such ticket, or it was deleted.
    """
    ticket = find_ticket(request, pk)
    if not request.help_desk_auth.can_view_ticket(ticket):
        return forbidden(request, "view")
    wish = request.POST.get("wish")
    number = {"number": ticket.pk}
    if wish == "follow":
        ticket.services.follow(request.user)
        messages.success(
            request,
            _("You are told of what happens to ticket #%(number)s.") % number,
            fail_silently=True,
        )
    elif wish == "mute":
        ticket.services.mute(request.user)
        messages.success(
            request,
            _("You are no longer told of what happens to ticket #%(number)s.") % number,
            fail_silently=True,
        )
    return HttpResponseRedirect(return_url(request) or ticket_url(ticket))
