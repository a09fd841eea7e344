"""Every view asks for a signed-in person unless it says otherwise."""

from tests.hosts.default.settings import *

MIDDLEWARE = [*MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
