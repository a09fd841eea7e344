"""Uses the help desk in a fresh project; run by the project's own Python, beside manage.py.

It may import nothing of the tests: the project has only the wheel.
"""

import os
import sys
from pathlib import Path

import django

# `manage.py` stands in the working directory; this file is elsewhere.
sys.path[0] = os.getcwd()  # noqa: PTH109 -- sys.path holds texts
os.environ["DJANGO_SETTINGS_MODULE"] = "intranet.settings"
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402 -- Django must be set up
from django.contrib.auth.models import Permission  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402
from django.urls import reverse  # noqa: E402

import help_desk  # noqa: E402 -- see above
from help_desk.choices import (  # noqa: E402
    HelpDeskTicketPriorityChoices,
    HelpDeskTicketPurposeChoices,
)
from help_desk.models import HelpDeskTicket, Notification  # noqa: E402

assert ".venv" in Path(help_desk.__file__).parts, help_desk.__file__
setup_test_environment()  # mail stays here, and responses have their context

list_url = reverse("django_spire:help_desk:page:list")
assert list_url == "/help_desk/page/list/", list_url

# A user_without_permissions is asked to sign in.
answer = Client().get(list_url)
assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={list_url}")

# A person without the permission is told so.
users = get_user_model().objects
reporter = users.create_user("reporter", "reporter@example.com", "secret")
browser = Client()
browser.force_login(reporter)
assert browser.get(list_url).status_code == 403

# With it, the page is drawn from the wheel's templates.
reporter.user_permissions.add(
    *Permission.objects.filter(codename__in=["add_helpdeskticket", "view_helpdeskticket"])
)
assert browser.get(list_url).status_code == 200

# The service files a ticket, and a manager is told.
manager = users.create_superuser("manager", "manager@example.com", "secret")
ticket = HelpDeskTicket().services.create(
    created_by=reporter,
    purpose=HelpDeskTicketPurposeChoices.APP,
    priority=HelpDeskTicketPriorityChoices.HIGH,
    description="The dashboard fails to load.",
)
assert Notification.objects.filter(recipient=manager, event__ticket=ticket).count() == 1

# So does the page.
answer = browser.post(
    reverse("django_spire:help_desk:form:create"),
    {"purpose": "comp", "priority": "low", "description": "The badge reader is dead."},
)
assert (answer.status_code, answer["Location"]) == (302, list_url), answer.content
answer = browser.get(list_url)
assert "The badge reader is dead." in answer.content.decode()
assert len(answer.context["tickets"]) == 2

print(f"exercised help_desk {help_desk.__version__} on Django {django.__version__}")
