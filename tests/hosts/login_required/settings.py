"""Every view requires a signed-in user unless it is exempt."""

from tests.hosts.default.settings import *

MIDDLEWARE = [*MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
