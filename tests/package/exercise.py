"""Use the help desk in a fresh project. Runs in the project's virtual environment.

It cannot import anything from `tests`: only the wheel is installed.
"""

import os
import sys
from pathlib import Path

import django

# Import the project from the working directory, not from the directory of this file.
sys.path[0] = os.getcwd()  # noqa: PTH109 -- sys.path contains strings
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

# Anonymous users are redirected to the login page.
response = Client().get(list_url)
assert (response.status_code, response["Location"]) == (302, f"/accounts/login/?next={list_url}")

# A user without the permission gets status 403.
users = get_user_model().objects
reporter = users.create_user("reporter", "reporter@example.com", "secret")
browser = Client()
browser.force_login(reporter)
assert browser.get(list_url).status_code == 403

# With the permission, the page is rendered from the wheel's templates.
reporter.user_permissions.add(
    *Permission.objects.filter(codename__in=["add_helpdeskticket", "view_helpdeskticket"])
)
assert browser.get(list_url).status_code == 200

# The service creates a ticket and notifies a manager.
manager = users.create_superuser("manager", "manager@example.com", "secret")
ticket = HelpDeskTicket().services.create(
    created_by=reporter,
    purpose=HelpDeskTicketPurposeChoices.APP,
    priority=HelpDeskTicketPriorityChoices.HIGH,
    description="The dashboard fails to load.",
)
assert Notification.objects.filter(recipient=manager, event__ticket=ticket).count() == 1

# The create page creates another one, which the list shows.
response = browser.post(
    reverse("django_spire:help_desk:form:create"),
    {"purpose": "comp", "priority": "low", "description": "The badge reader is dead."},
)
assert (response.status_code, response["Location"]) == (302, list_url), response.content
response = browser.get(list_url)
assert "The badge reader is dead." in response.content.decode()
assert len(response.context["tickets"]) == 2

print(f"exercised help_desk {help_desk.__version__} on Django {django.__version__}")
