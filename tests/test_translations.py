"""The committed translations, and pages and emails in another language."""

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
from help_desk.delivery import runner

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from help_desk.models import HelpDeskTicket

PACKAGE = Path(help_desk.__file__).parent
PO_FILES = {path.parts[-3]: path for path in PACKAGE.glob("locale/*/LC_MESSAGES/django.po")}

# The translation by msgid: with its context and \x04 before it if it has one, and in a tuple with
# the number of the form if it has plurals.
Catalog = dict[Any, str]


def run(*command: str | Path, cwd: Path) -> None:
    # The languages are those of the package, not of the tests' settings.
    environment = {
        name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"
    }
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def read(mo_file: Path) -> tuple[Catalog, str]:
    """Return the catalog of a .mo file without its header, and the header's plural rule."""
    with mo_file.open("rb") as file:
        translations = gettext.GNUTranslations(file)
    catalog = {key: text for key, text in translations._catalog.items() if key}
    return catalog, translations.info()["plural-forms"]


def msgids(catalog: Catalog) -> set[str]:
    return {key[0] if isinstance(key, tuple) else key for key in catalog}


@pytest.fixture(scope="module")
def gettext_tools() -> None:
    """Skip the test if gettext is not installed; in CI, fail."""
    needed = ("msgattrib", "msgen", "msgfmt", "msgmerge", "msguniq", "xgettext")
    if missing := [name for name in needed if shutil.which(name) is None]:
        reason = f"gettext's tools are not installed: {', '.join(missing)}"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)


@pytest.fixture
def compile_po(gettext_tools: None, tmp_path: Path) -> Callable[..., tuple[Catalog, str]]:
    """Compile a .po file outside of the package, and read the result."""

    def compile_and_read(po_file: Path, *options: str) -> tuple[Catalog, str]:
        mo_file = tmp_path / "compiled.mo"
        run("msgfmt", *options, "-o", mo_file, po_file, cwd=tmp_path)
        return read(mo_file)

    return compile_and_read


@pytest.fixture
def msgids_of(
    compile_po: Callable[..., tuple[Catalog, str]], tmp_path: Path
) -> Callable[[Path], set[str]]:
    """Return all msgids of a .po file, translated or not."""

    def fill_and_read(po_file: Path) -> set[str]:
        filled = tmp_path / "filled.po"
        # msgfmt leaves out fuzzy and untranslated entries; msgen fills these with their msgid.
        run("msgattrib", "--no-obsolete", "--clear-fuzzy", "-o", filled, po_file, cwd=tmp_path)
        run("msgen", "-o", filled, filled, cwd=tmp_path)
        return msgids(compile_po(filled)[0])

    return fill_and_read


def test_german_translation_exists() -> None:
    assert "de" in PO_FILES


@pytest.mark.parametrize("language", sorted(PO_FILES))
def test_po_file_has_exactly_the_strings_of_the_sources(
    language: str, msgids_of: Callable[[Path], set[str]], tmp_path: Path
) -> None:
    sources = tmp_path / "sources"
    shutil.copytree(PACKAGE, sources, ignore=shutil.ignore_patterns("__pycache__", "locale"))
    (sources / "locale").mkdir()
    # -P: otherwise modules of the package would shadow those of the standard library.
    django = (sys.executable, "-P", "-m", "django")
    run(*django, "makemessages", "--locale", language, cwd=sources)
    extracted = msgids_of(sources / PO_FILES[language].relative_to(PACKAGE))
    committed = msgids_of(PO_FILES[language])
    differences = {"missing": extracted - committed, "unused": committed - extracted}
    assert differences == {"missing": set(), "unused": set()}


@pytest.mark.parametrize("language", sorted(PO_FILES))
def test_every_string_is_translated_and_none_is_fuzzy(
    language: str,
    compile_po: Callable[..., tuple[Catalog, str]],
    msgids_of: Callable[[Path], set[str]],
) -> None:
    catalog, _plural_forms = compile_po(PO_FILES[language])
    assert msgids_of(PO_FILES[language]) - msgids(catalog) == set()
    assert [key for key, text in catalog.items() if not text] == []


@pytest.mark.parametrize("language", sorted(PO_FILES))
def test_translations_have_the_placeholders_of_the_source_strings(
    language: str, compile_po: Callable[..., tuple[Catalog, str]]
) -> None:
    compile_po(PO_FILES[language], "--check")


@pytest.mark.parametrize("language", sorted(PO_FILES))
def test_mo_file_is_compiled_from_the_po_file(
    language: str, compile_po: Callable[..., tuple[Catalog, str]]
) -> None:
    assert read(PO_FILES[language].with_suffix(".mo")) == compile_po(PO_FILES[language])


def test_list_is_in_the_language_of_the_browser(
    client_of: Callable[[Any], Client], manager: Any, ticket: HelpDeskTicket
) -> None:
    url = reverse("django_spire:help_desk:page:list")
    page = client_of(manager).get(url, headers={"accept-language": "de"}).content.decode()
    for german in ("Tickets, neueste zuerst", "1 Ticket<", "Priorität", "Bereit", "Mir zuweisen"):
        assert german in page
    for english in ("newest first", "Priority", "Ready", "Assign to me"):
        assert english not in page


def test_email_is_in_the_language_of_the_site(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any, settings: Any
) -> None:
    settings.LANGUAGE_CODE = "de"
    settings.ADMINS = ["ada@example.com"]
    ticket = create_ticket(created_by=reporter, priority="urge", description="Sie klemmt.")
    assert runner.deliver().sent == 1
    (message,) = mail.outbox
    assert message.subject == f"Ticket #{ticket.pk}: Sie klemmt."
    ((html, _mimetype),) = message.alternatives
    for part in (message.body, html):
        assert "Ein neues Helpdesk-Ticket wurde erstellt" in part
        assert "Priorität" in part
        assert "Dringend" in part
        assert "Ticket ansehen" in part
        assert "Priority" not in part
