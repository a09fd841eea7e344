"""The tests' settings, with a faulty SMTP server, a database of its own and instruments."""

import os

import django

from tests.settings import *
from tests.support import databases

FAULTS_DIRECTORY = os.environ["HELP_DESK_FAULTS_DIRECTORY"]

DATABASES = {"default": databases.configuration("faults")}
if databases.chosen() == databases.SQLITE:
    DATABASES["default"]["NAME"] = os.path.join(FAULTS_DIRECTORY, "db.sqlite3")  # noqa: PTH118
    _wal = {"timeout": 60, "init_command": "PRAGMA journal_mode=WAL;"}
    DATABASES["default"]["OPTIONS"] = {
        "default": {},  # what a new project has
        # `wal` is without IMMEDIATE, which would hide that a ticket is read before it is locked;
        # `immediate` is what docs/howto/delivery.md recommends.
        "wal": _wal,
        "immediate": _wal | {"timeout": 20, "transaction_mode": "IMMEDIATE"},
    }[os.environ.get("HELP_DESK_FAULTS_SQLITE", "wal")]
else:
    # As in production: connections are kept, so they can be cut while they are idle, too.
    DATABASES["default"] |= {
        "NAME": os.environ["HELP_DESK_FAULTS_DATABASE"],
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.apps.FaultsConfig"]
MIDDLEWARE = ["tests.faults.middleware.FaultMiddleware", *MIDDLEWARE]
ROOT_URLCONF = "tests.faults.urls"

_smtp = {"host": "127.0.0.1", "port": int(os.environ["HELP_DESK_FAULTS_SMTP_PORT"]), "timeout": 9}
if django.VERSION >= (6, 1):
    MAILERS = {
        "default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": _smtp}
    }
else:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT, EMAIL_TIMEOUT = _smtp.values()

HELP_DESK = {
    "SITE_URL": "https://intranet.example.com",
    "DELIVERY": "command",
    "CHANGES_WINDOW": 0.3,
    # Counted, but never reached: the checks expect the effect of every reply and mention.
    "MAX_TICKETS_PER_HOUR": 10_000,
    "MAX_REPLIES_PER_HOUR": 10_000,
    "MAX_MENTIONS_PER_HOUR": 10_000,
    "CHANNELS": [
        "help_desk.channels.in_app.InAppChannel",
        "tests.faults.channel.RecordedEmailChannel",
    ],
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {
        "null": {"class": "logging.NullHandler"},
        "journal": {"class": "tests.faults.journal.ErrorHandler", "level": "ERROR"},
    },
    "loggers": {
        # Each of the thousands of faults is logged as an error.
        "help_desk": {"handlers": ["null"], "propagate": False},
        # Not by email to ADMINS, as Django does by default.
        "django": {"handlers": ["journal"], "propagate": False},
    },
}
