"""Follows the tutorial, and the page on installing, in a fresh project."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from tests.docs.blocks import ROOT, blocks_of
from tests.docs.fresh_project import FreshProject

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docs.blocks import Block

pytestmark = pytest.mark.hosts("default")

FILE_A_TICKET = """
from django.contrib.auth import get_user_model
from django.test import Client

client = Client(headers={"host": "127.0.0.1"})
client.force_login(get_user_model().objects.get(username="mona"))
form = {"purpose": "app", "priority": "high", "description": "The badge reader is dead."}
answer = client.post("/help_desk/form/create/", form, follow=True)
print("list:", answer.status_code, "The badge reader is dead." in answer.text)
answer = client.get("/help_desk/page/inbox/")
print("inbox:", answer.status_code, "Priority: High - Purpose: App" in answer.text)
"""

CREATE_ACCOUNT = ("createsuperuser", "--username", "mona", "--email", "mona@example.com")


def _commands(block: Block) -> list[list[str]]:
    lines = [shlex.split(line) for line in block.code.splitlines()]
    return [words[2:] for words in lines if words[:2] == ["python", "manage.py"]]


def _follow(page: str, project: FreshProject) -> str:
    """Do what a page says, but for what asks or does not end."""
    said = ""
    for block in blocks_of(ROOT / "docs" / page):
        if not block.runs:
            continue
        if block.language == "python" and block.file is not None:
            project.write(block.file, block.code)
        elif block.language == "shell":
            for command, *arguments in _commands(block):
                if command == "createsuperuser":
                    said += project.manage(command, *arguments, "--noinput")
                elif command != "runserver":
                    said += project.manage(command, *arguments)
    return said


def test_the_tutorial_leads_to_a_ticket(tmp_path: Path) -> None:
    project = FreshProject(tmp_path)
    said = _follow("tutorial.md", project)
    assert "System check identified no issues (0 silenced)." in said
    said = project.manage("shell", typed=FILE_A_TICKET)
    assert "list: 200 True" in said
    assert "inbox: 200 True" in said
    assert "To: dora@example.com" in said
    (last,) = [
        block.code
        for block in blocks_of(ROOT / "docs" / "tutorial.md")
        if block.language == "python" and block.file is None
    ]
    said = project.manage("shell", typed=f"{last}\nprint(ticket.get_status_display())")
    assert "Done" in said


def test_three_lines_are_enough(tmp_path: Path) -> None:
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
    project.manage(*CREATE_ACCOUNT, "--noinput")
    said = project.manage("shell", typed=FILE_A_TICKET)
    assert "list: 200 True" in said
    assert "inbox: 200 True" in said
