"""A project as `django-admin startproject` makes it, in a process of its own."""

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
    """One project in one folder."""

    def __init__(self, folder: Path) -> None:
        """Make the project.

        Args:
            folder: An empty folder.
        """
        self.folder = folder
        self._python("-m", "django", "startproject", "intranet", str(folder))

    def write(self, name: str, code: str) -> None:
        """Do with a file what a reader is told to.

        Args:
            name: `settings.py`, to whose end the code is added, `...` in a list standing
                for what was in it before; or another module, which is replaced.
            code: A block's code.
        """
        file = self.folder / "intranet" / name
        if name == "settings.py":
            code = "\n".join([file.read_text(encoding="utf-8"), BEFORE, code, FILL])
        file.write_text(code, encoding="utf-8")

    def manage(self, *words: str, typed: str = "") -> str:
        """Run a command of the project.

        Args:
            *words: The command and its arguments.
            typed: What is typed while it runs.

        Returns:
            What it printed, errors and warnings included.
        """
        return self._python("-W", "error", "manage.py", *words, typed=typed)

    def _python(self, *words: str, typed: str = "") -> str:
        place = Path(help_desk.__file__).parent.parent
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env={"PYTHONPATH": str(place), "DJANGO_SUPERUSER_PASSWORD": "not-a-secret"},
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        return said
