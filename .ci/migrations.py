"""Fail if a model has changes without a migration, in any host project."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> int:
    failed = []
    # The settings differ, and a process can load only one of them.
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
        print(f"Missing migrations in: {', '.join(failed)}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
