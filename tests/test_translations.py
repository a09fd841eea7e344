"""The translation catalogs, and translated pages and emails."""

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
CATALOGS = {path.parts[-3]: path for path in PACKAGE.glob("locale/*/LC_MESSAGES/django.po")}

# Translations by msgid, as `gettext` stores them: with a context, the key is "context\x04msgid";
# with plurals, there is one key `(msgid, index)` per plural form.
Catalog = dict[Any, str]


def run(*command: str | Path, cwd: Path) -> None:
    # Without settings, so that Django's defaults for LANGUAGES apply.
    environment = {
        name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"
    }
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def read(compiled: Path) -> tuple[Catalog, str]:
    """Return a compiled catalog without its header, and the header's plural rule."""
    with compiled.open("rb") as file:
        translations = gettext.GNUTranslations(file)
    catalog = {key: text for key, text in translations._catalog.items() if key}
    return catalog, translations.info()["plural-forms"]


def msgids(catalog: Catalog) -> set[str]:
    return {key[0] if isinstance(key, tuple) else key for key in catalog}


@pytest.fixture(scope="module")
def tools() -> None:
    """Skip the test if gettext is not installed; fail it in CI."""
    required = ("msgattrib", "msgen", "msgfmt", "msgmerge", "msguniq", "xgettext")
    if missing := [name for name in required if shutil.which(name) is None]:
        reason = f"gettext's tools are not installed: {', '.join(missing)}"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)


@pytest.fixture
def compiled(tools: None, tmp_path: Path) -> Callable[..., tuple[Catalog, str]]:
    """Compile a .po file in a temporary folder, and read the result."""

    def compile_and_read(written: Path, *options: str) -> tuple[Catalog, str]:
        target = tmp_path / "compiled.mo"
        run("msgfmt", *options, "-o", target, written, cwd=tmp_path)
        return read(target)

    return compile_and_read


@pytest.fixture
def msgids_of(
    compiled: Callable[..., tuple[Catalog, str]], tmp_path: Path
) -> Callable[[Path], set[str]]:
    """Return the msgids of a .po file, translated or not."""

    def fill_and_read(written: Path) -> set[str]:
        filled = tmp_path / "filled.po"
        # Fuzzy entries count as translated; missing translations are replaced by the msgid.
        run("msgattrib", "--no-obsolete", "--clear-fuzzy", "-o", filled, written, cwd=tmp_path)
        run("msgen", "-o", filled, filled, cwd=tmp_path)
        return msgids(compiled(filled)[0])

    return fill_and_read


def test_there_is_a_german_translation() -> None:
    assert "de" in CATALOGS


@pytest.mark.parametrize("language", sorted(CATALOGS))
def test_catalog_has_the_strings_of_the_source_code(
    language: str, msgids_of: Callable[[Path], set[str]], tmp_path: Path
) -> None:
    sources = tmp_path / "sources"
    shutil.copytree(PACKAGE, sources, ignore=shutil.ignore_patterns("__pycache__", "locale"))
    (sources / "locale").mkdir()
    # -P: do not import modules from the working directory.
    django = (sys.executable, "-P", "-m", "django")
    run(*django, "makemessages", "--locale", language, cwd=sources)
    found = msgids_of(sources / CATALOGS[language].relative_to(PACKAGE))
    committed = msgids_of(CATALOGS[language])
    assert {"added": found - committed, "removed": committed - found} == {
        "added": set(),
        "removed": set(),
    }


@pytest.mark.parametrize("language", sorted(CATALOGS))
def test_every_string_is_translated_and_none_is_fuzzy(
    language: str,
    compiled: Callable[..., tuple[Catalog, str]],
    msgids_of: Callable[[Path], set[str]],
) -> None:
    """Fuzzy translations are not compiled, so they are missing from the compiled catalog."""
    catalog, _plural_forms = compiled(CATALOGS[language])
    assert msgids_of(CATALOGS[language]) - msgids(catalog) == set()
    assert [key for key, text in catalog.items() if not text] == []


@pytest.mark.parametrize("language", sorted(CATALOGS))
def test_placeholders_are_those_of_the_original(
    language: str, compiled: Callable[..., tuple[Catalog, str]]
) -> None:
    compiled(CATALOGS[language], "--check")


@pytest.mark.parametrize("language", sorted(CATALOGS))
def test_compiled_catalog_is_up_to_date(
    language: str, compiled: Callable[..., tuple[Catalog, str]]
) -> None:
    assert read(CATALOGS[language].with_suffix(".mo")) == compiled(CATALOGS[language])


def test_list_is_in_the_language_of_the_browser(
    client_of: Callable[[Any], Client], manager: Any, ticket: HelpDeskTicket
) -> None:
    url = reverse("django_spire:help_desk:page:list")
    page = client_of(manager).get(url, headers={"accept-language": "de"}).content.decode()
    for text in ("Tickets, neueste zuerst", "1 Ticket<", "Priorität", "Bereit", "Übernehmen"):
        assert text in page
    for text in ("newest first", "Priority", "Ready", "Take it"):
        assert text not in page


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
