"""Settings of a small intranet with the help desk."""

import os
from pathlib import Path

import django

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("INTRANET_DATA_DIR", BASE_DIR / "demo-data"))
"""Contains the database and the mail folder."""
DATA_DIR.mkdir(parents=True, exist_ok=True)  # SQLite creates the file but not its folder

SECRET_KEY = "not-a-secret-because-this-intranet-is-an-example"
DEBUG = os.environ.get("INTRANET_DEBUG") == "1"
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

INSTALLED_APPS = [
    "accounts",
    "intranet",
    "demo",
    "help_desk",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "intranet.middleware.content_security_policy",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "intranet.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "intranet.sqlite3",
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
# Browsers share cookies between ports; other projects on localhost use the default names.
SESSION_COOKIE_NAME = "intranet_session"
CSRF_COOKIE_NAME = "intranet_csrf"

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"

# Mail is written to a folder, or sent to the server HOST:PORT in INTRANET_SMTP.
MAIL_DIR = DATA_DIR / "mail"
SMTP = os.environ.get("INTRANET_SMTP", "")
SMTP_HOST, _colon, SMTP_PORT = SMTP.partition(":")
MAIL_BACKEND = f"django.core.mail.backends.{'smtp' if SMTP else 'filebased'}.EmailBackend"
if django.VERSION >= (6, 1):
    MAIL_OPTIONS = (
        {"host": SMTP_HOST, "port": int(SMTP_PORT or 25)} if SMTP else {"file_path": MAIL_DIR}
    )
    MAILERS = {"default": {"BACKEND": MAIL_BACKEND, "OPTIONS": MAIL_OPTIONS}}
else:
    EMAIL_BACKEND = MAIL_BACKEND
    EMAIL_FILE_PATH = MAIL_DIR
    EMAIL_HOST, EMAIL_PORT = SMTP_HOST, int(SMTP_PORT or 25)
DEFAULT_FROM_EMAIL = "Intranet <intranet@example.com>"
SERVER_EMAIL = "intranet@example.com"

# Developers get an email for every new ticket. Before Django 6.0, ADMINS contains pairs.
ADMINS = ["dora@example.com"] if django.VERSION >= (6, 0) else [("Dora", "dora@example.com")]

# Written by `manage.py demo`, so that emails sent by other commands link to the same address.
ADDRESS_FILE = DATA_DIR / "address"

HELP_DESK = {
    "BASE_TEMPLATE": "intranet/help_desk.html",
    "CREATORS_SEE_OWN_TICKETS": True,
    # `manage.py demo` starts `help_desk_deliver --loop` beside the server.
    "DELIVERY": "command",
    "SITE_URL": ADDRESS_FILE.read_text() if ADDRESS_FILE.exists() else "http://127.0.0.1:8000",
}

# Errors only; the server would log every request.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {
        "django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False},
        "django.server": {"handlers": ["console"], "level": "ERROR", "propagate": False},
        "help_desk": {"handlers": ["console"], "level": "WARNING"},
    },
}
