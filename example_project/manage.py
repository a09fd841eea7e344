#!/usr/bin/env python
"""Command line of the intranet; `manage.py demo` creates the demo data and starts a server."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "intranet.settings")
    try:
        from django.core.management import execute_from_command_line  # noqa: PLC0415

        import help_desk  # noqa: F401, PLC0415 -- fails here with a helpful message
    except ImportError as error:
        sys.exit(
            f"{error}. Install the package in the root folder of the repository with "
            "`python3 -m venv .venv && .venv/bin/pip install .`, "
            "then run this file with .venv/bin/python."
        )
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
