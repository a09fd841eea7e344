"""What is in the wheel and in the source distribution."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

import help_desk

if TYPE_CHECKING:
    from email.message import Message

pytestmark = pytest.mark.package

ROOT = Path(__file__).parent.parent.parent
REPOSITORY = re.compile(
    r"https://(?:github\.com|raw\.githubusercontent\.com)/[\w-]+/[\w-]+/(?:blob/)?main/([^#]+)"
)


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[PurePosixPath]:
    with zipfile.ZipFile(wheel) as archive:
        return [PurePosixPath(name) for name in archive.namelist()]


def test_distributions_can_be_uploaded(wheel: Path, sdist: Path) -> None:
    twine = [sys.executable, "-m", "twine", "check", "--strict", wheel, sdist]
    done = subprocess.run(twine, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_wheel_holds_the_package_and_its_metadata_only(names: list[PurePosixPath]) -> None:
    metadata = f"django_deskside-{help_desk.__version__}.dist-info"
    assert {name.parts[0] for name in names} == {"help_desk", metadata}


def test_wheel_holds_every_file_of_the_package(names: list[PurePosixPath]) -> None:
    package = {
        PurePosixPath(path.relative_to(ROOT))
        for path in (ROOT / "help_desk").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert package - set(names) == set()
    assert PurePosixPath("help_desk/py.typed") in package
    for kind in ("templates", "static"):
        assert [name for name in package if kind in name.parts] != [], kind


def test_wheel_holds_a_compiled_file_for_every_translation(names: list[PurePosixPath]) -> None:
    written = {name.with_suffix("") for name in names if name.suffix == ".po"}
    assert {name.with_suffix("") for name in names if name.suffix == ".mo"} == written
    assert PurePosixPath("help_desk/locale/de/LC_MESSAGES/django.mo") in names


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (path,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        return message_from_bytes(archive.read(path))


def test_wheel_needs_django_and_django_model_utils_only(metadata: Message) -> None:
    needed = [need for need in metadata.get_all("Requires-Dist", []) if "extra ==" not in need]
    assert sorted(need.split(">")[0].split("<")[0].strip().lower() for need in needed) == [
        "django",
        "django-model-utils",
    ]
    assert metadata["License-Expression"] == "MIT"


def test_readme_renders_on_pypi_with_absolute_links(metadata: Message) -> None:
    from readme_renderer import markdown  # noqa: PLC0415 -- only in the group `package`

    html = markdown.render(metadata.get_payload(decode=True).decode())
    assert html is not None
    links = re.findall(r'(?:href|src)="([^"]+)"', html)
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
    in_repository = [match[1] for link in links if (match := REPOSITORY.match(link))]
    assert in_repository != []
    assert [path for path in in_repository if not (ROOT / path).exists()] == []


def test_source_distribution_can_be_tested_and_documented(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        top = {PurePosixPath(name).parts[1] for name in archive.getnames() if "/" in name}
    wanted = {"LICENSE", "README.md", "docs", "help_desk", "pyproject.toml", "tests", "tox.ini"}
    assert wanted - top == set()
    assert top & {".ci", ".github", ".tox", ".venv", "build", "dist"} == set()
