"""Every route of the package."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.urls import get_resolver, reverse

from help_desk.content import unsubscribe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.urls import URLResolver

    from help_desk.models import HelpDeskTicket, TicketComment

UNSUBSCRIBE = "page:unsubscribe"
"""The only route that does not require a signed-in user."""


def routes() -> dict[str, str]:
    """Return the name, without `django_spire:help_desk:`, of each route, and its path."""
    return dict(_routes(get_resolver("help_desk.urls"), "", "help_desk/"))


def _routes(resolver: URLResolver, namespace: str, path: str) -> Iterator[tuple[str, str]]:
    for part in resolver.url_patterns:
        path_of_part = path + str(part.pattern)
        if hasattr(part, "url_patterns"):
            yield from _routes(part, f"{namespace}{part.namespace}:", path_of_part)
        else:
            yield namespace + part.name, path_of_part


def every_url(ticket: HelpDeskTicket, comment: TicketComment) -> dict[str, str]:
    """Return the URL of each route by its name, with a ticket and a comment on it."""
    unsubscription = unsubscribe.unsubscription_for(
        comment.author_id, "", ticket_id=ticket.pk, is_new_ticket=False
    )
    values = {"token": unsubscribe.token_for(unsubscription), "pk": ticket.pk}
    urls = {}
    for name, path in routes().items():
        kwargs = {key: values[key] for key in re.findall(r"<\w+:(\w+)>", path)}
        if name == "form:comment_edit":
            kwargs = {"pk": comment.pk}
        urls[name] = reverse(f"django_spire:help_desk:{name}", kwargs=kwargs)
    return urls
