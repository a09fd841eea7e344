"""Fails where a model has changed and its migration has not been written, in any host."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> int:
    """Ask every host of tests/hosts in a process of its own.

    Returns:
        The number of hosts that have something missing.
    """
    failed = []
    for settings in sorted((ROOT / "tests" / "hosts").glob("*/settings.py")):
        host = settings.parent.name
        print(f"{host}: ", end="", flush=True)
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "HELP_DESK_TEST_HOST": host,
        }
        command = [sys.executable, "-W", "error", "-m", "django", "makemigrations", "--check"]
        if subprocess.run(
            [*command, "--dry-run"], cwd=ROOT, env=environment, check=False
        ).returncode:
            failed.append(host)
    if failed:
        print(f"Models without their migrations in: {', '.join(failed)}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
