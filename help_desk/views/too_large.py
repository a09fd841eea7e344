"""An answer to posts that are larger than the host takes."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import QueryDict, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from help_desk.views.page import render_page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from help_desk.views.access import HelpDeskRequest, View

CHUNK = 64 * 1024
READ_AT_MOST = 64 * 1024 * 1024
"""Bytes of a post that is refused; whoever sends more sees the connection end."""


def answer_too_large_posts(view: View) -> View:
    """Refuse posts over DATA_UPLOAD_MAX_MEMORY_SIZE with a page that says what to do.

    Django meets such a post in its CSRF middleware, before any view, and answers with a
    bare 400. So the middleware is passed by, and the same check is made here, after the
    size is known to be right: no post reaches the view without it.

    Args:
        view: A view that reads `request.POST`, behind `requires`.

    Returns:
        The view, protected.
    """
    protected = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def guarded(request: HelpDeskRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            request.POST
        except RequestDataTooBig:
            _read_to_the_end(request)
            request.POST = QueryDict()
            context = {"limit": settings.DATA_UPLOAD_MAX_MEMORY_SIZE}
            return render_page(request, "help_desk/413.html", context, status=413)
        except UnreadablePostError:
            pass  # the sender hung up; the CSRF check knows what to do then
        return protected(request, *args, **kwargs)

    return guarded


def _read_to_the_end(request: HttpRequest) -> None:
    """Take what is still under way: browsers show no answer to what they cannot send."""
    try:
        for _chunk in range(READ_AT_MOST // CHUNK):
            if not request.read(CHUNK):
                return
    except UnreadablePostError:
        return
