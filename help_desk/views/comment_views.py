"""Adding and editing replies and internal notes."""

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
from help_desk.services.flows.comment import add_comment, can_edit_comment
from help_desk.views.access import forbidden, permission_required
from help_desk.views.deleted import explain_deletion
from help_desk.views.mention_messages import warn_about_mentions
from help_desk.views.page import base_version, render_page
from help_desk.views.ticket_page import find_ticket, render_ticket

if TYPE_CHECKING:
    from django.http import HttpResponseBase

    from help_desk.models import TicketComment
    from help_desk.services.flows.comment import CommentResult
    from help_desk.views.types import HelpDeskRequest


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("view")
@explain_deletion
def comment_view(request: HelpDeskRequest, pk: int) -> HttpResponseBase:
    """Add a reply or an internal note, with an optional change of status."""
    ticket = find_ticket(request, pk)
    auth = request.help_desk_auth
    if not auth.can_view_ticket(ticket):
        return forbidden(request, "view")
    if request.method != "POST":
        # After signing in, users come back by GET.
        return HttpResponseRedirect(f"{ticket.get_absolute_url()}#help-desk-reply")
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
                enforce_limits=True,
            )
        except TicketConflictError:
            # The form is rebuilt for the current status, so that the user chooses again.
            ticket = find_ticket(request, pk)
            form = ReplyForm(request.POST, ticket=ticket, can_see_internal=auth.can_see_internal())
            form.is_valid()
            form.add_status_conflict(ticket)
        except ValidationError as error:
            form.add_service_error(error)
        else:
            return _redirect_to_new(request, result)
    return render_ticket(request, ticket, reply=form)


def _redirect_to_new(request: HelpDeskRequest, result: CommentResult) -> HttpResponseBase:
    comment = result.comment
    message = _("Note added.") if comment.is_internal else _("Reply sent.")
    messages.success(request, message, fail_silently=True)
    if warn_about_mentions(request, result):
        # The warning is at the top of the page.
        return HttpResponseRedirect(comment.ticket.get_absolute_url())
    return HttpResponseRedirect(_comment_url(comment))


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("view")
def edit_comment_view(request: HelpDeskRequest, pk: int) -> HttpResponseBase:
    """Edit one's own comment, for a limited time."""
    comment = _get_own_comment(request, pk)
    if request.method != "POST" and not can_edit_comment(comment, request.user):
        messages.warning(request, _too_late(), fail_silently=True)
        return HttpResponseRedirect(_comment_url(comment))
    form = CommentEditForm(
        request.POST if request.method == "POST" else None, initial={"text": comment.text}
    )
    if form.is_valid():
        try:
            comment.ticket.services.edit_comment(
                comment, form.cleaned_data["text"], actor=request.user
            )
        except PermissionDenied:
            form.add_error(None, _too_late())
        except ValidationError as error:
            form.add_service_error(error)
        else:
            messages.success(request, _("Changes saved."), fail_silently=True)
            return HttpResponseRedirect(_comment_url(comment))
    context = {
        "form": form,
        "ticket": comment.ticket,
        "comment": comment,
        "cancel_url": comment.ticket.get_absolute_url(),
    }
    return render_page(request, "help_desk/comment/edit.html", context, section="ticket")


def _get_own_comment(request: HelpDeskRequest, pk: int) -> TicketComment:
    comments = policy.visible_comments(request.user).select_related("ticket__created_by")
    own = comments.filter(author_id=request.user.pk, ticket__is_deleted=False)
    comment: TicketComment = get_object_or_404(own, pk=pk)
    if not request.help_desk_auth.can_view_ticket(comment.ticket):
        raise Http404
    return comment


def _comment_url(comment: TicketComment) -> str:
    return f"{comment.ticket.get_absolute_url()}#help-desk-comment-{comment.pk}"


def _too_late() -> str:
    return _("This can no longer be edited. Add a new one instead.")
