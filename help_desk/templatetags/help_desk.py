"""Template tags and filters for host projects and the package's own pages.

Their names begin with `help_desk_`, because loaded tags share a namespace with the host's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template

from help_desk.auth import policy
from help_desk.content.wording import display_name, summary
from help_desk.text.markup import to_html

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.template import Context
    from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag(takes_context=True)
def help_desk_unread_count(context: Context) -> int:
    """Return the number of unread inbox entries that the user may still see, at most 100.

    Runs one query; one more if there are any, and the user's permissions if these are not all
    of new tickets. Use it as `{% help_desk_unread_count as unread %}`.

    Args:
        context: The template's context. The user is `request.user`; in templates rendered
            without a request, the variable `user`.

    Returns:
        The number; 0 for anonymous users.
    """
    request = getattr(context, "request", None) or context.get("request")
    user: Any = getattr(request, "user", None) or context.get("user")
    if not getattr(user, "is_authenticated", False):
        return 0
    return policy.unread_count(user)


@register.simple_tag(takes_context=True)
def help_desk_once(context: Context, part: str) -> bool:
    """Return whether a part of the page belongs here.

    Parts go into optional blocks of the base template, or into the block `help_desk` if the
    base template does not have them. The first one wins.

    Args:
        context: The template's context.
        part: The part's name.

    Returns:
        True for the first call with this part on a page.
    """
    key = f"help_desk_once_{part}"
    is_first = not context.render_context.get(key, False)
    context.render_context[key] = True
    return is_first


@register.filter
def help_desk_display_name(user: User | None) -> str:
    """Return a user's full name, or the username if it is empty.

    Args:
        user: A user of any user model, or None.

    Returns:
        The name, not escaped; empty for None.
    """
    return "" if user is None else display_name(user)


@register.filter
def help_desk_summary(text: str) -> str:
    """Return the beginning of a text on one line.

    Args:
        text: The text.

    Returns:
        At most 60 characters, not escaped.
    """
    return summary(text)


@register.filter
def help_desk_text(text: str) -> SafeString:
    """Return user input as HTML: paragraphs, lists, code, links and mentions.

    Args:
        text: Plain text.

    Returns:
        HTML in which everything else is escaped.
    """
    return to_html(text)
