"""People sign in by e-mail address and have a UUID for a key; ADMINS are pairs."""

from tests.hosts.default.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "tests.hosts.custom_user"]
AUTH_USER_MODEL = "custom_user.Person"
ADMINS = [("Ada", "ada@example.com"), ("Charles", "charles@example.com")]
