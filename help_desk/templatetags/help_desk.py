"""Template tags and filters, for hosts and for the package's own pages.

The names begin with `help_desk_`, because tags that are loaded share one room with the
host's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template

from help_desk.auth import policy
from help_desk.content.wording import summary
from help_desk.text.markup import to_html

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.template import Context
    from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag(takes_context=True)
def help_desk_unread_count(context: Context) -> int:
    """Count what the person has not read in the inbox and may still know.

    One query; one more, and the account's permissions, where there is anything but new
    tickets to count.

    Use it as `{% help_desk_unread_count as unread %}`. The person is that of the request;
    in templates that are drawn without a request, the variable `user`.

    Args:
        context: The template's context.

    Returns:
        The number; 0 for who is not signed in.
    """
    request = getattr(context, "request", None) or context.get("request")
    user: Any = getattr(request, "user", None) or context.get("user")
    if not getattr(user, "is_authenticated", False):
        return 0
    return policy.unread_count(user)


@register.simple_tag(takes_context=True)
def help_desk_once(context: Context, part: str) -> bool:
    """Say whether a part of the page is drawn here.

    Parts have their place in optional blocks of the base template; where it does not have
    the block, they are drawn within the block `help_desk`. Whichever comes first wins.

    Args:
        context: The template's context.
        part: The part's name.

    Returns:
        True the first time that a page asks for this part.
    """
    key = f"help_desk_once_{part}"
    is_first = not context.render_context.get(key, False)
    context.render_context[key] = True
    return is_first


@register.filter
def help_desk_display_name(user: User | None) -> str:
    """Name an account.

    Args:
        user: An account of whatever model the host has, or None.

    Returns:
        The full name where the model has one and it is filled in, else what the person
        signs in with; empty for None. Not escaped.
    """
    if user is None:
        return ""
    get_full_name: Any = getattr(user, "get_full_name", None)
    full_name = get_full_name() if callable(get_full_name) else ""
    return str(full_name).strip() or str(user.get_username())


@register.filter
def help_desk_summary(text: str) -> str:
    """Shorten a text to one line.

    Args:
        text: What somebody wrote.

    Returns:
        Its beginning, at most 60 characters. Not escaped.
    """
    return summary(text)


@register.filter
def help_desk_text(text: str) -> SafeString:
    """Make HTML of what somebody wrote: paragraphs, lists, code, links.

    Args:
        text: Plain text.

    Returns:
        HTML in which everything of the text is escaped.
    """
    return to_html(text)
