"""Instruments in every process of a run."""

from __future__ import annotations

import os
from datetime import timedelta
from importlib import import_module
from pathlib import Path

from django.apps import AppConfig

LEASE = timedelta(seconds=6)
LEASE_RESERVE = timedelta(seconds=3)
"""The mail server is sometimes slower than the lease, so leases end while a run works."""

DELAYS = {
    "help_desk.delivery.retry": {
        "FIRST_RETRY": timedelta(milliseconds=20),
        "LAST_RETRY": timedelta(milliseconds=100),
        "CHANNEL_PAUSE": timedelta(milliseconds=100),
        "RETRY_DELAYS": (0.0, 0.01, 0.05, 0.2),
    },
    "help_desk.delivery.batch": {"LEASE": LEASE, "LEASE_RESERVE": LEASE_RESERVE},
}
"""Module to constant to its value: seconds and fractions of them instead of minutes."""


class FaultsConfig(AppConfig):
    """Shortens the delays of deliveries."""

    name = "tests.faults"
    label = "faults"

    def ready(self) -> None:
        """Set the constants; fail if one was renamed."""
        for path, values in DELAYS.items():
            module = import_module(path)
            for name, value in values.items():
                getattr(module, name)
                setattr(module, name, value)
        self._check_package()

    def _check_package(self) -> None:
        """Fail if another copy of the package was imported than the run is about."""
        import help_desk  # noqa: PLC0415 -- to see what the path finds

        expected = os.environ.get("HELP_DESK_FAULTS_PACKAGE")
        found = Path(help_desk.__file__).parent
        if expected and found != Path(expected):
            message = f"{found} was imported instead of {expected}."
            raise RuntimeError(message)
