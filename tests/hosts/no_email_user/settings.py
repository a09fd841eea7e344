"""People have a personnel number and no e-mail address at all."""

from tests.hosts.default.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "tests.hosts.no_email_user"]
AUTH_USER_MODEL = "no_email_user.Employee"
