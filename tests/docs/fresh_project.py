"""A new project from `django-admin startproject`, run in separate processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import help_desk

BEFORE = "_BEFORE = {name: value for name, value in globals().items() if name.isupper()}\n"
FILL = """
for _name, _old in _BEFORE.items():
    if isinstance(_old, list):
        globals()[_name] = [
            part for item in globals()[_name] for part in (_old if item is ... else [item])
        ]
"""


class FreshProject:
    """A project in a folder."""

    def __init__(self, folder: Path) -> None:
        """Create the project.

        Args:
            folder: An empty folder.
        """
        self.folder = folder
        self._python("-m", "django", "startproject", "intranet", str(folder))

    def write(self, name: str, code: str) -> None:
        """Edit a file as a page describes.

        Args:
            name: `settings.py`, to which the code is appended, with `...` in a list for its
                previous items; or another module, which is replaced.
            code: A block's code.
        """
        file = self.folder / "intranet" / name
        if name == "settings.py":
            code = "\n".join([file.read_text(encoding="utf-8"), BEFORE, code, FILL])
        file.write_text(code, encoding="utf-8")

    def manage(self, *arguments: str, stdin: str = "") -> str:
        """Run a command of the project.

        Args:
            *arguments: The command and its arguments.
            stdin: The input.

        Returns:
            Its output, including errors and warnings.
        """
        return self._python("-W", "error", "manage.py", *arguments, stdin=stdin)

    def _python(self, *arguments: str, stdin: str = "") -> str:
        package_folder = Path(help_desk.__file__).parent.parent
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={"PYTHONPATH": str(package_folder), "DJANGO_SUPERUSER_PASSWORD": "not-a-secret"},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        return output
