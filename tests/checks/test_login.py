"""The check of `LOGIN_URL`."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth.views import LoginView
from django.urls import get_script_prefix, include, path, reverse_lazy, set_script_prefix

from help_desk.checks.login import check_login_url
from help_desk.include_helper import include_helper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from django.core.checks import CheckMessage

    RunChecks = Callable[..., list[CheckMessage]]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("/sign-in/", "is '/sign-in/', where your URL configuration has no view"),
        ("sign_in", "is 'sign_in', which is not the name of a URL pattern"),
        (reverse_lazy("admin:login"), ""),
        ("accounts/login/", "is 'accounts/login/', which is relative to each page"),
        ("", "is empty"),
        (None, "is empty"),
        ("/accounts/login/", ""),
        ("/accounts/login", ""),  # CommonMiddleware appends the slash
        ("/accounts/login/?theme=dark", ""),
        ("login", ""),
        ("admin:login", ""),
        ("https://sso.example.com/", ""),
        ("//sso.example.com/sign-in", ""),
    ],
    ids=str,
)
def test_login_url_that_leads_to_no_view_is_reported(
    run_checks: RunChecks, value: Any, problem: str
) -> None:
    messages = run_checks(LOGIN_URL=value)
    assert [message.id for message in messages] == (["help_desk.W110"] if problem else [])
    for message in messages:
        assert message.msg == (
            f"LOGIN_URL {problem}, so users cannot sign in to open the help desk."
        )
        assert "add to your urlpatterns: path('accounts/login/', " in str(message.hint)


@pytest.fixture
def use_urls(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that sets the URL patterns."""

    def use(*patterns: Any) -> None:
        module = ModuleType("reader_urls")
        module.urlpatterns = [path("", include_helper()), *patterns]
        monkeypatch.setitem(sys.modules, "reader_urls", module)
        settings.ROOT_URLCONF = "reader_urls"

    return use


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("value", ["/accounts/login/", "/accounts/login", "/de/accounts/login/"])
def test_login_page_with_a_language_prefix_is_found(
    use_urls: Callable[..., None], settings: Any, language: str, value: str
) -> None:
    view = LoginView.as_view(template_name="admin/login.html")
    use_urls(*i18n_patterns(path("accounts/login/", view)))
    settings.LOGIN_URL, settings.LANGUAGE_CODE = value, language
    assert check_login_url() == []
    settings.LOGIN_URL = "/sign-in/"
    assert [message.id for message in check_login_url()] == ["help_desk.W110"]


@pytest.mark.parametrize("value", ["/accounts/login/", "login"])
def test_sign_in_page_without_its_template_is_reported(
    use_urls: Callable[..., None], settings: Any, value: str
) -> None:
    use_urls(path("accounts/", include("django.contrib.auth.urls")))
    settings.LOGIN_URL = value
    (message,) = check_login_url()
    assert message.msg == (
        "LOGIN_URL is '/accounts/login/', whose template 'registration/login.html' does not "
        "exist, so users cannot sign in to open the help desk."
    )


def test_sign_in_page_with_its_template_is_accepted(
    use_urls: Callable[..., None], settings: Any, tmp_path: Path
) -> None:
    use_urls(path("accounts/", include("django.contrib.auth.urls")))
    (tmp_path / "registration").mkdir()
    (tmp_path / "registration" / "login.html").write_text("{{ form }}")
    (engine,) = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [tmp_path]}]
    assert check_login_url() == []


@pytest.fixture
def script_prefix() -> Iterator[None]:
    """Serve the project below /intranet/."""
    before = get_script_prefix()
    set_script_prefix("/intranet/")
    yield
    set_script_prefix(before)


@pytest.mark.parametrize(
    ("value", "is_reported"),
    [("/intranet/accounts/login/", False), ("/intranet/sign-in/", True),
        ("/sign-in/", False), ("login", False)],
    ids=["view", "no-view", "outside", "name"],
)  # fmt: skip
def test_script_prefix_is_no_part_of_the_path(
    settings: Any, script_prefix: None, value: str, is_reported: bool
) -> None:
    settings.LOGIN_URL = value
    assert bool(check_login_url()) == is_reported


@pytest.mark.parametrize("urlconf", ["tests.empty_urls", "tests.no_such_urls", "tests.settings"])
def test_login_url_is_not_checked_without_usable_urls(settings: Any, urlconf: str) -> None:
    settings.ROOT_URLCONF, settings.LOGIN_URL = urlconf, "/sign-in/"
    assert check_login_url() == []
