"""The tests' settings, with the faulty SMTP server and, for SQLite, a database file."""

import os

import django

from tests.settings import *
from tests.support import databases

FAULTS_DIRECTORY = os.environ["HELP_DESK_FAULTS_DIRECTORY"]

DATABASES = {"default": databases.configuration("faults")}
if databases.chosen() == databases.SQLITE:
    path = os.path.join(FAULTS_DIRECTORY, "db.sqlite3")  # noqa: PTH118 -- Django takes text
    DATABASES["default"] |= {"NAME": path, "TEST": {"NAME": path}, "OPTIONS": {"timeout": 60}}

_smtp = {"host": "127.0.0.1", "port": int(os.environ["HELP_DESK_FAULTS_PORT"]), "timeout": 10}
if django.VERSION >= (6, 1):
    MAILERS = {
        "default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": _smtp}
    }
else:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT, EMAIL_TIMEOUT = _smtp.values()

HELP_DESK = {"SITE_URL": "https://intranet.example.com", "DELIVERY": "command"}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"null": {"class": "logging.NullHandler"}},
    # Each of the thousands of faults is logged as an error.
    "loggers": {"help_desk": {"handlers": ["null"], "propagate": False}},
}
