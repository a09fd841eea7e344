"""`import help_desk.spire_alias`, each test in its own process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.isolated import run_in_new_host
from tests.support.mail import mail_through

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.hosts("default")  # each test creates its own host

HEAD = "import help_desk.spire_alias"
APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django_spire.help_desk"]
MIGRATED = """
    import django  # noqa: PLC0415 -- the settings are known by now
    django.setup()
    from django.core.management import call_command
    call_command("migrate", verbosity=0)
"""


def test_every_module_has_both_names(tmp_path: Path) -> None:
    script = """
    import django  # noqa: PLC0415 -- the settings are known by now
    django.setup()
    import importlib, importlib.util, pkgutil, sys
    import help_desk
    names = [help_desk.__name__]
    names += [found.name for found in pkgutil.walk_packages(help_desk.__path__, "help_desk.")]
    frameworks = ("django.tasks", "django_tasks")
    if not any(importlib.util.find_spec(framework) for framework in frameworks):
        names.remove("help_desk.tasks")  # Django 5.2 has no tasks, and no backport is installed
    for kind in ("migrations.0001_initial", "management.commands.help_desk_deliver",
                 "models.ticket", "views.page_views", "urls.form_urls"):
        assert f"help_desk.{kind}" in names, kind
    for number, name in enumerate(names):
        both = [name, f"django_spire.{name}"]
        if number % 2:
            both.reverse()  # in either order
        first, second = map(importlib.import_module, both)
        assert first is second, name
        assert sys.modules[f"django_spire.{name}"] is first, name
        assert (first.__name__, first.__spec__.name) == (name, name)
        assert importlib.util.find_spec(f"django_spire.{name}") is not None
    print(len(names))
    """
    apps = [*APPS, "django.contrib.admin"]
    assert int(run_in_new_host(tmp_path, script, head=HEAD, INSTALLED_APPS=apps).stdout) > 30


def test_missing_modules_are_missing_under_both_names(tmp_path: Path) -> None:
    script = """
    import help_desk.spire_alias, importlib, importlib.util
    for name in ("django_spire.help_desk.no_such", "django_spire.other", "django_spire.help_desks"):
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            assert error.name == name, error
        else:
            raise AssertionError(name)
    assert importlib.util.find_spec("django_spire.help_desk.no_such") is None
    """
    run_in_new_host(tmp_path, script)


@pytest.mark.parametrize("apps", [APPS, [*APPS[:2], "help_desk"]], ids=["alias", "own-name"])
def test_app_works_under_either_name_with_one_set_of_models(
    tmp_path: Path, apps: list[str]
) -> None:
    script = (
        MIGRATED
        + """
    from django.apps import apps
    from django.contrib.auth.models import User
    from django_spire.help_desk.models import HelpDeskTicket
    from help_desk.models import HelpDeskTicket as same
    assert HelpDeskTicket is same
    models = list(apps.get_app_config("django_spire_help_desk").get_models())
    assert len(models) == len({model._meta.db_table for model in models}) >= 3
    assert apps.get_containing_app_config(HelpDeskTicket.__module__).name == "help_desk"
    ticket = HelpDeskTicket.services.create(
        User.objects.create(username="a"), purpose="app", priority="low", description="x"
    )
    assert same.objects.get() == ticket
    call_command("check", fail_level="ERROR")
    call_command("makemigrations", check=True, verbosity=0)
    call_command("help_desk_deliver", verbosity=0)
    """
    )
    mailing = mail_through("django.core.mail.backends.locmem.EmailBackend")
    run_in_new_host(tmp_path, script, head=HEAD, INSTALLED_APPS=apps, **mailing)


def test_patch_through_one_name_is_visible_through_the_other(tmp_path: Path) -> None:
    script = """
    import django  # noqa: PLC0415 -- the settings are known by now
    django.setup()
    from unittest import mock
    target = "django_spire.help_desk.notifications.recipients.recipients_for"
    from help_desk.notifications import recipients
    original = recipients.recipients_for
    with mock.patch(target) as patched:
        assert recipients.recipients_for is patched
    assert recipients.recipients_for is original
    with mock.patch("help_desk.conf.SETTINGS", ()):
        from django_spire.help_desk import conf
        assert conf.SETTINGS == ()
    """
    run_in_new_host(tmp_path, script, head=HEAD)


def test_dotted_paths_and_pickles_resolve_to_the_same_objects(tmp_path: Path) -> None:
    script = """
    import django, pickle
    django.setup()
    from django.utils.module_loading import import_string
    from help_desk.choices import HelpDeskTicketStatusChoices
    from help_desk.models import HelpDeskTicket
    path = "django_spire.help_desk.choices.HelpDeskTicketStatusChoices"
    assert import_string(path) is HelpDeskTicketStatusChoices
    old = pickle.dumps(HelpDeskTicketStatusChoices.DONE, 0).replace(
        b"chelp_desk.", b"cdjango_spire.help_desk."
    )
    assert pickle.loads(old) is HelpDeskTicketStatusChoices.DONE
    """
    run_in_new_host(tmp_path, script, head=HEAD)


@pytest.mark.parametrize("is_imported", [False, True], ids=["importable", "imported"])
def test_installed_django_spire_is_rejected_and_unchanged(
    tmp_path: Path, *, is_imported: bool
) -> None:
    spire = tmp_path / "django_spire" / "help_desk"
    spire.mkdir(parents=True)
    (tmp_path / "django_spire" / "__init__.py").touch()
    (spire / "__init__.py").write_text("IS_SPIRES = True")
    script = f"""
    import sys
    if {is_imported}:
        import django_spire
    before = list(sys.meta_path)
    from django.core.exceptions import ImproperlyConfigured
    try:
        import help_desk.spire_alias
    except ImproperlyConfigured as error:
        assert "INSTALLED_APPS" in str(error)
    else:
        raise AssertionError("ImproperlyConfigured was not raised.")
    assert sys.meta_path == before
    assert ("django_spire" in sys.modules) is {is_imported}
    import django_spire.help_desk
    assert django_spire.help_desk.IS_SPIRES
    """
    run_in_new_host(tmp_path, script)
