"""The built distributions, and fresh projects that install them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--distributions",
        type=Path,
        help="Folder with one wheel and one source distribution; `tox -e package` builds them.",
    )


def _only(folder: Path | None, pattern: str) -> Path:
    if folder is None:
        pytest.fail("Pass --distributions=<folder>, or run `tox -e package`.")
    (found,) = folder.glob(pattern)
    return found


@pytest.fixture(scope="session")
def wheel(request: pytest.FixtureRequest) -> Path:
    return _only(request.config.getoption("distributions"), "*.whl")


@pytest.fixture(scope="session")
def sdist(request: pytest.FixtureRequest) -> Path:
    return _only(request.config.getoption("distributions"), "*.tar.gz")


class FreshProject:
    """A folder with a virtual environment and, in it, a new project named `intranet`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / ".venv" / "bin" / "python"
        # Isolate the project from the environment that runs the tests.
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name in {"HOME", "LANG", "PATH"} or name.startswith(("PIP_", "SSL_"))
        }

    def make(self, *requirements: str) -> None:
        """Create the virtual environment, install the requirements, and start the project."""
        subprocess.run([sys.executable, "-m", "venv", self.folder / ".venv"], check=True)
        self.run("-m", "pip", "install", "--quiet", *requirements)
        self.run("-m", "django", "startproject", "intranet", ".")

    def run(self, *arguments: str | Path) -> str:
        """Run the project's Python, with warnings as errors except for pip.

        Returns:
            Its output, including errors.
        """
        options = () if arguments[:2] == ("-m", "pip") else ("-W", "error")
        done = subprocess.run(
            [self.python, *options, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def manage(self, *arguments: str) -> str:
        """Run a command of `manage.py`."""
        return self.run("manage.py", *arguments)

    def append(self, path: str, text: str) -> None:
        """Append text to a file of the project."""
        with (self.folder / path).open("a", encoding="utf-8") as file:
            file.write(text)


@pytest.fixture
def fresh_project(tmp_path: Path) -> FreshProject:
    return FreshProject(tmp_path)
