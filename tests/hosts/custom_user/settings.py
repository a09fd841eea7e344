"""Users sign in by email address and have a UUID as primary key; ADMINS are pairs."""

from tests.hosts.default.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "tests.hosts.custom_user"]
AUTH_USER_MODEL = "custom_user.EmailUser"
ADMINS = [("Ada", "ada@example.com"), ("Charles", "charles@example.com")]
