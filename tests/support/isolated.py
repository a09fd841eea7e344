"""Running code in a separate host project and process."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS: dict[str, Any] = {
    "SECRET_KEY": "only-for-tests",
    "INSTALLED_APPS": ["django.contrib.auth", "django.contrib.contenttypes", "help_desk"],
    "ROOT_URLCONF": "tests.empty_urls",
    "TEMPLATES": [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    "USE_TZ": True,
    "ADMINS": ["ada@example.com"],
    "HELP_DESK": {"DELIVERY": "command"},
    "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
}


def run_in_new_host(
    folder: Path, script: str, *, head: str = "", check: bool = True, **settings: Any
) -> subprocess.CompletedProcess[str]:
    """Create a host with a SQLite file in a folder, and run a script in it.

    Args:
        folder: An empty folder; modules in it can be imported.
        script: Python code, run with warnings as errors before Django is set up.
        head: Python code at the top of the settings.
        check: Whether the script must succeed.
        **settings: Overrides of `SETTINGS`.

    Returns:
        The finished process; its output is text.
    """
    values = {
        **SETTINGS,
        "DATABASES": {
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(folder / "host.sqlite3"),
                "OPTIONS": {"timeout": 60},  # for busy machines
            }
        },
        **settings,
    }
    lines = [head, *(f"{name} = {value!r}" for name, value in values.items())]
    (folder / "host_settings.py").write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run(  # noqa: PLW1510 -- checked below
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script)],
        cwd=folder,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "host_settings",
            "PYTHONPATH": os.pathsep.join([str(folder), *filter(None, sys.path)]),
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert not check or done.returncode == 0, done.stderr
    return done
