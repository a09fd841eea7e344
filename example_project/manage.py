#!/usr/bin/env python
"""The intranet's command line; `manage.py demo` makes and starts a demonstration."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "intranet.settings")
    try:
        from django.core.management import execute_from_command_line  # noqa: PLC0415

        import help_desk  # noqa: F401, PLC0415 -- tried before Django asks for it in its own words
    except ImportError as error:
        sys.exit(
            f"{error}. Install the package first, from the folder above this one: "
            "python3 -m venv .venv && .venv/bin/pip install . "
            "and run this with .venv/bin/python"
        )
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
