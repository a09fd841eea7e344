"""Forms of the pages; the ticket forms are importable from here."""

from help_desk.forms.filters import HelpDeskTicketFilterForm
from help_desk.forms.ticket import HelpDeskTicketCreateForm, HelpDeskTicketUpdateForm

__all__ = [
    "HelpDeskTicketCreateForm",
    "HelpDeskTicketFilterForm",
    "HelpDeskTicketUpdateForm",
]
