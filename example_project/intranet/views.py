"""Pages of the intranet."""

from __future__ import annotations

from itertools import groupby
from operator import methodcaller
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.shortcuts import render
from django.utils import timezone
from django.utils.decorators import method_decorator

from help_desk.models import HelpDeskTicket
from intranet import office

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

OWN_TICKETS_SHOWN = 4


def home(request: HttpRequest) -> HttpResponse:
    own_tickets = HelpDeskTicket.objects.active().created_by(request.user).newest_first()
    today = timezone.localdate()
    context = {
        "today": today,
        "news": office.news(today),
        "lunch": office.lunch(today),
        "rooms": office.ROOMS,
        "own_tickets": own_tickets[:OWN_TICKETS_SHOWN],
        "section": "home",
    }
    return render(request, "intranet/home.html", context)


def people(request: HttpRequest) -> HttpResponse:
    users = get_user_model().objects.filter(is_active=True).exclude(department="")
    by_department = methodcaller("get_department_display")
    departments = [
        (department, list(members))
        for department, members in groupby(
            users.order_by("department", "display_name"), key=by_department
        )
    ]
    context = {"departments": departments, "section": "people"}
    return render(request, "intranet/people.html", context)


@method_decorator(login_not_required, name="dispatch")
class SignOutView(LogoutView):
    """Sign out on POST; on GET, show the form instead of an error."""

    template_name = "registration/signed_out.html"
    http_method_names = ("get", "post", "options")

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "registration/sign_out.html")
