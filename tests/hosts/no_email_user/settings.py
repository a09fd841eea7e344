"""Users have a personnel number and no email address."""

from tests.hosts.default.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "tests.hosts.no_email_user"]
AUTH_USER_MODEL = "no_email_user.Employee"
