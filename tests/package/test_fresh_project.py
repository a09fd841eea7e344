"""The installation of the wheel in a new project, with the three lines of the documentation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.package.conftest import FreshProject

pytestmark = pytest.mark.package

APPS = """
INSTALLED_APPS += ["help_desk"]
"""
URLS = """
from help_desk.include_helper import include_helper

urlpatterns += [path("", include_helper())]
"""


@pytest.mark.parametrize("django", ["5.2", "6.1"])
def test_three_lines_install_the_help_desk(
    fresh_project: FreshProject, wheel: Path, django: str
) -> None:
    fresh_project.make(str(wheel), f"Django~={django}.0")
    fresh_project.append("intranet/settings.py", APPS)
    fresh_project.append("intranet/urls.py", URLS)

    fresh_project.manage("migrate", "--verbosity=0")
    fresh_project.manage("check")
    assert "No changes detected" in fresh_project.manage("makemigrations", "--check")

    output = fresh_project.run(Path(__file__).parent / "exercise.py")
    assert f"on Django {django}." in output
