"""Template tags and filters for host projects and the package's own pages.

Their names begin with `help_desk_`, because loaded tags share a namespace with the host's own.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from django import template
from django.utils.safestring import mark_safe

from help_desk.auth import policy
from help_desk.content.wording import display_name, summary
from help_desk.text.markup import to_html

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.forms import BoundField
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


@register.filter
def help_desk_widget(field: BoundField) -> dict[str, Any]:
    """Return what the template of a form field's widget gets as `widget`.

    Args:
        field: A bound field.

    Returns:
        Among others `template_name`, `name`, `value` and `attrs`.
    """
    widget = field.field.widget
    attrs = field.build_widget_attrs({"id": field.id_for_label})
    context: dict[str, Any] = widget.get_context(field.html_name, field.value(), attrs)["widget"]
    return context


@register.filter
def help_desk_attributes(attrs: dict[str, Any]) -> SafeString:
    """Return the attributes of an HTML element, each after a space.

    Args:
        attrs: Name to value; True for an attribute without a value, False for none.

    Returns:
        Escaped HTML.
    """
    # `django.forms.utils.flatatt` takes eight times as long. Names come from code.
    parts = (
        f" {name}" if value is True else f' {name}="{escape(str(value))}"'
        for name, value in attrs.items()
        if value is not False
    )
    return mark_safe("".join(parts))  # noqa: S308 -- values are escaped
