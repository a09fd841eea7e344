"""The project that is measured: as `django-admin startproject` creates it, with DEBUG off.

`HELP_DESK_BENCHMARK_DATABASE` is sqlite (a temporary file, the default), sqlite-wal (with a
write-ahead log), postgres or mariadb. By default the servers run on the same machine with their
default ports and users.
"""

import os
import tempfile
from pathlib import Path

import django

SECRET_KEY = "only-for-benchmarks"  # noqa: S105 -- nobody's
DEBUG = False
ALLOWED_HOSTS = ["testserver"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "help_desk",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "benchmarks.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
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
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
LOGIN_URL = "/accounts/login/"

# No user has this address, so it gets a waiting row of its own.
ADMINS = ["developer@benchmark.example"]
if django.VERSION >= (6, 1):
    MAILERS = {"default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}}
else:
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
HELP_DESK = {
    "SITE_URL": "https://benchmark.example",
    # Sending is measured separately: rows wait for a worker.
    "DELIVERY": "command",
}


def _sqlite():
    name = str(Path(tempfile.gettempdir()) / f"help_desk_benchmark_{os.getpid()}.sqlite3")
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "TEST": {"NAME": name}}


def _postgres():
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": f"help_desk_benchmark_{os.getpid()}",
        "HOST": os.environ.get("HELP_DESK_BENCHMARK_POSTGRES_HOST", "127.0.0.1"),
        "PORT": os.environ.get("HELP_DESK_BENCHMARK_POSTGRES_PORT", "5432"),
        "USER": os.environ.get("HELP_DESK_BENCHMARK_POSTGRES_USER", "postgres"),
        "PASSWORD": os.environ.get("HELP_DESK_BENCHMARK_POSTGRES_PASSWORD", ""),
    }


def _mariadb():
    try:
        import MySQLdb  # noqa: F401, PLC0415 -- tests whether it is installed
    except ImportError:
        import pymysql  # noqa: PLC0415 -- if mysqlclient cannot be compiled

        pymysql.install_as_MySQLdb()
    return {
        "ENGINE": "django.db.backends.mysql",
        "NAME": f"help_desk_benchmark_{os.getpid()}",
        "HOST": os.environ.get("HELP_DESK_BENCHMARK_MARIADB_HOST", "127.0.0.1"),
        "PORT": os.environ.get("HELP_DESK_BENCHMARK_MARIADB_PORT", "3306"),
        "USER": os.environ.get("HELP_DESK_BENCHMARK_MARIADB_USER", "root"),
        "PASSWORD": os.environ.get("HELP_DESK_BENCHMARK_MARIADB_PASSWORD", ""),
        "OPTIONS": {"charset": "utf8mb4"},
        "TEST": {"CHARSET": "utf8mb4"},
    }


def _sqlite_wal():
    # As docs/howto/delivery.md sets it up for a busy site.
    options = {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL;"}
    return _sqlite() | {"OPTIONS": options}


_DATABASES = {
    "sqlite": _sqlite,
    "sqlite-wal": _sqlite_wal,
    "postgres": _postgres,
    "mariadb": _mariadb,
}
DATABASE = os.environ.get("HELP_DESK_BENCHMARK_DATABASE", "sqlite")
if DATABASE not in _DATABASES:
    _message = (
        f"HELP_DESK_BENCHMARK_DATABASE is {DATABASE!r}; it must be one of {', '.join(_DATABASES)}."
    )
    raise ValueError(_message)
# Connections are kept open, as on busy sites; connecting is not measured.
DATABASES = {"default": {**_DATABASES[DATABASE](), "CONN_MAX_AGE": None}}
