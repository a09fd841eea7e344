"""The committed translations, and what people read of them."""

from __future__ import annotations

import gettext
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.urls import reverse

import help_desk
from help_desk.delivery import runner as delivery

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from help_desk.models import HelpDeskTicket

PACKAGE = Path(help_desk.__file__).parent
CATALOGUES = {path.parts[-3]: path for path in PACKAGE.glob("locale/*/LC_MESSAGES/django.po")}

# A catalogue is the words by what stands in the sources: the msgid, behind its context and
# \x04 where it has one; with a number behind it for each form where it has plurals.
Catalogue = dict[Any, str]


def run(*command: str | Path, cwd: Path) -> None:
    # With no settings: these would say for themselves which languages there are.
    environment = {
        name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"
    }
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def read(compiled: Path) -> tuple[Catalogue, str]:
    """Read a catalogue without its header, and the header's rule for plurals."""
    with compiled.open("rb") as file:
        translations = gettext.GNUTranslations(file)
    words = {key: text for key, text in translations._catalog.items() if key}
    return words, translations.info()["plural-forms"]


def msgids(words: Catalogue) -> set[str]:
    return {key[0] if isinstance(key, tuple) else key for key in words}


@pytest.fixture(scope="module")
def tools() -> None:
    """Leave the test out where gettext is not installed; in CI it has to be."""
    wanted = ("msgattrib", "msgen", "msgfmt", "msgmerge", "msguniq", "xgettext")
    if missing := [name for name in wanted if shutil.which(name) is None]:
        reason = f"gettext's tools are not installed: {', '.join(missing)}"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)


@pytest.fixture
def compiled(tools: None, tmp_path: Path) -> Callable[..., tuple[Catalogue, str]]:
    """Compiles a .po in a place of its own, and reads it."""

    def compile_and_read(written: Path, *options: str) -> tuple[Catalogue, str]:
        target = tmp_path / "compiled.mo"
        run("msgfmt", *options, "-o", target, written, cwd=tmp_path)
        return read(target)

    return compile_and_read


@pytest.fixture
def msgids_of(
    compiled: Callable[..., tuple[Catalogue, str]], tmp_path: Path
) -> Callable[[Path], set[str]]:
    """All that a .po asks to be translated, whether it is or not."""

    def fill_and_read(written: Path) -> set[str]:
        filled = tmp_path / "filled.po"
        # What is obsolete or fuzzy counts by its msgid; what is not translated is filled with it.
        run("msgattrib", "--no-obsolete", "--clear-fuzzy", "-o", filled, written, cwd=tmp_path)
        run("msgen", "-o", filled, filled, cwd=tmp_path)
        return msgids(compiled(filled)[0])

    return fill_and_read


def test_there_is_a_german_translation() -> None:
    assert "de" in CATALOGUES


@pytest.mark.parametrize("language", sorted(CATALOGUES))
def test_translation_is_of_the_strings_that_the_sources_have(
    language: str, msgids_of: Callable[[Path], set[str]], tmp_path: Path
) -> None:
    sources = tmp_path / "sources"
    shutil.copytree(PACKAGE, sources, ignore=shutil.ignore_patterns("__pycache__", "locale"))
    (sources / "locale").mkdir()
    # -P: the package's own modules are not to be imported in place of others.
    django = (sys.executable, "-P", "-m", "django")
    run(*django, "makemessages", "--locale", language, cwd=sources)
    found = msgids_of(sources / CATALOGUES[language].relative_to(PACKAGE))
    committed = msgids_of(CATALOGUES[language])
    assert {"new": found - committed, "gone": committed - found} == {"new": set(), "gone": set()}


@pytest.mark.parametrize("language", sorted(CATALOGUES))
def test_every_string_is_translated_and_none_by_a_guess(
    language: str,
    compiled: Callable[..., tuple[Catalogue, str]],
    msgids_of: Callable[[Path], set[str]],
) -> None:
    """What is fuzzy is not compiled, and so is missing."""
    words, _plural_forms = compiled(CATALOGUES[language])
    assert msgids_of(CATALOGUES[language]) - msgids(words) == set()
    assert [key for key, text in words.items() if not text] == []


@pytest.mark.parametrize("language", sorted(CATALOGUES))
def test_placeholders_are_those_of_the_original(
    language: str, compiled: Callable[..., tuple[Catalogue, str]]
) -> None:
    compiled(CATALOGUES[language], "--check")


@pytest.mark.parametrize("language", sorted(CATALOGUES))
def test_compiled_translation_is_that_of_the_written_one(
    language: str, compiled: Callable[..., tuple[Catalogue, str]]
) -> None:
    assert read(CATALOGUES[language].with_suffix(".mo")) == compiled(CATALOGUES[language])


# What people read.


def test_list_is_in_the_language_that_the_browser_asks_for(
    client_of: Callable[[Any], Client], manager: Any, ticket: HelpDeskTicket
) -> None:
    url = reverse("django_spire:help_desk:page:list")
    page = client_of(manager).get(url, headers={"accept-language": "de"}).content.decode()
    for said in ("Tickets, neueste zuerst", "1 Ticket<", "Priorität", "Bereit", "Übernehmen"):
        assert said in page
    for said in ("newest first", "Priority", "Ready", "Take it"):
        assert said not in page


def test_email_is_in_the_language_of_the_site(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any, settings: Any
) -> None:
    settings.LANGUAGE_CODE = "de"
    settings.ADMINS = ["ada@example.com"]
    ticket = create_ticket(created_by=reporter, priority="urge", description="Sie klemmt.")
    assert delivery.deliver().sent == 1
    (message,) = mail.outbox
    assert message.subject == f"Ticket #{ticket.pk}: Sie klemmt."
    ((html, _mimetype),) = message.alternatives
    for part in (message.body, html):
        assert "Ein neues Helpdesk-Ticket wurde erstellt" in part
        assert "Priorität" in part
        assert "Dringend" in part
        assert "Ticket öffnen" in part
        assert "Priority" not in part
