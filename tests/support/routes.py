"""Every route of the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import URLPattern, reverse

from help_desk.content import unsubscribe
from help_desk.urls import form_urls, page_urls

if TYPE_CHECKING:
    from help_desk.models import HelpDeskTicket, TicketComment

UNSUBSCRIBE = "page:unsubscribe"
"""The only route that does not require a signed-in user."""


def every_url(ticket: HelpDeskTicket, comment: TicketComment) -> dict[str, str]:
    """Return the URL of each route by its name, with a ticket and a comment on it."""
    unsubscription = unsubscribe.unsubscription_for(
        comment.author_id, "", ticket_id=ticket.pk, is_new_ticket=False
    )
    values = {"token": unsubscribe.token_for(unsubscription), "pk": ticket.pk}
    urls = {"index": reverse("django_spire:help_desk:index")}
    for module in (page_urls, form_urls):
        for pattern in module.urlpatterns:
            assert isinstance(pattern, URLPattern)
            name = f"{module.app_name}:{pattern.name}"
            kwargs = {key: values[key] for key in pattern.pattern.converters}
            if name == "form:comment_edit":
                kwargs = {"pk": comment.pk}
            urls[name] = reverse(f"django_spire:help_desk:{name}", kwargs=kwargs)
    return urls
