"""The tutorial and the installation page work in a fresh project."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest

from tests.docs.blocks import ROOT, blocks_of
from tests.docs.fresh_project import FreshProject

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docs.blocks import Block

pytestmark = pytest.mark.hosts("default")

CREATE_TICKET = """
from django.contrib.auth import get_user_model  # noqa: E402 -- Django must be set up
from django.test import Client  # noqa: E402

client = Client(headers={"host": "127.0.0.1"})
client.force_login(get_user_model().objects.get(username="mona"))
form = {"purpose": "app", "priority": "high", "description": "The badge reader is dead."}
response = client.post("/help_desk/form/create/", form, follow=True)
print("list:", response.status_code, "The badge reader is dead." in response.text)
response = client.get("/help_desk/page/inbox/")
print("inbox:", response.status_code, "Priority: High - Purpose: App" in response.text)
"""

# An ordinary user: sign in at the page that the README describes, and submit a ticket.
SIGN_IN = """
from django.contrib.auth import get_user_model  # noqa: E402 -- Django must be set up
from django.contrib.auth.models import Group  # noqa: E402
from django.test import Client  # noqa: E402

rosa = get_user_model().objects.create_user("rosa", "rosa@example.com", "not-a-secret")
rosa.groups.add(Group.objects.get(name="Help desk users"))
client = Client(headers={"host": "127.0.0.1"})
response = client.get("/help_desk/", follow=True)
page, _status = response.redirect_chain[-1]
print("sign-in page:", response.status_code, page)
form = {"username": "rosa", "password": "not-a-secret"}
response = client.post(page, form, follow=True)
print("first page:", response.status_code, response.redirect_chain[-1][0])
form = {"purpose": "comp", "priority": "low", "description": "The lamp flickers."}
response = client.post("/help_desk/form/create/", form, follow=True)
print("list:", response.status_code, "The lamp flickers." in response.text)
print("others:", "The badge reader is dead." in response.text)
"""

CREATE_USER = ("createsuperuser", "--username", "mona", "--email", "mona@example.com")


def _commands(block: Block) -> list[list[str]]:
    lines = [shlex.split(line) for line in block.code.splitlines()]
    return [words[2:] for words in lines if words[:2] == ["python", "manage.py"]]


def _follow(page: str, project: FreshProject) -> str:
    """Run the blocks of a page, without interactive commands; return the output."""
    output = ""
    for block in blocks_of(ROOT / "docs" / page):
        if not block.runs:
            continue
        if block.language == "python" and block.file is not None:
            project.write(block.file, block.code)
        elif block.language == "shell":
            for command, *arguments in _commands(block):
                if command == "createsuperuser":
                    output += project.manage(command, *arguments, "--noinput")
                elif command != "runserver":
                    output += project.manage(command, *arguments)
    return output


def test_tutorial_creates_a_ticket(tmp_path: Path) -> None:
    project = FreshProject(tmp_path)
    output = _follow("tutorial.md", project)
    assert "System check identified no issues (0 silenced)." in output
    output = project.manage("shell", stdin=CREATE_TICKET)
    assert "list: 200 True" in output
    assert "inbox: 200 True" in output
    assert "To: dora@example.com" in output
    output = project.manage("shell", stdin=SIGN_IN)
    assert "sign-in page: 200 /accounts/login/?next=/help_desk/" in output
    assert "first page: 200 /help_desk/page/list/" in output
    assert "list: 200 True" in output
    assert "others: False" in output
    (last,) = [
        block.code
        for block in blocks_of(ROOT / "docs" / "tutorial.md")
        if block.language == "python" and block.file is None
    ]
    output = project.manage("shell", stdin=f"{last}\nprint(ticket.get_status_display())")
    assert "Done" in output


def test_installation_needs_three_lines(tmp_path: Path) -> None:
    project = FreshProject(tmp_path)
    admin = "from django.contrib import admin\nfrom django.urls import path\n"
    existing = f'{admin}urlpatterns = [path("admin/", admin.site.urls)]\n'
    for block in blocks_of(ROOT / "docs" / "install.md")[:3]:
        if block.file == "settings.py":
            project.write("settings.py", block.code)
        elif block.file == "urls.py":
            code = block.code.replace("    ...,", "    *existing,")
            project.write("urls.py", f"{existing}existing = urlpatterns\n{code}")
    project.manage("migrate")
    project.manage(*CREATE_USER, "--noinput")
    output = project.manage("shell", stdin=CREATE_TICKET)
    assert "list: 200 True" in output
    assert "inbox: 200 True" in output


def test_readme_leads_an_ordinary_user_to_the_first_ticket(tmp_path: Path) -> None:
    project = FreshProject(tmp_path)
    admin = "from django.contrib import admin\nfrom django.urls import path\n"
    existing = f'{admin}existing = [path("admin/", admin.site.urls)]\n'
    for block in blocks_of(ROOT / "README.md"):
        if block.file == "settings.py":
            project.write("settings.py", block.code)
        elif block.file == "urls.py":
            project.write("urls.py", existing + block.code.replace("...,", "*existing,"))
        elif block.language == "shell":
            for command, *arguments in _commands(block):
                project.manage(command, *arguments)
    output = project.manage("check", "--database", "default")
    assert set(re.findall(r"help_desk\.\w+", output)) == {"help_desk.W102"}  # ADMINS is empty
    output = project.manage("shell", stdin=SIGN_IN)
    assert "sign-in page: 200 /accounts/login/?next=/help_desk/" in output
    assert "first page: 200 /help_desk/page/list/" in output
    assert "list: 200 True" in output
