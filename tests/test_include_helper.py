"""Including the URLs of every app that declares them."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import AppConfig, apps
from django.http import HttpResponse
from django.urls import NoReverseMatch, clear_url_caches, path, resolve, reverse

from help_desk.include_helper import include_helper

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("name", "kwargs", "url"),
    [
        ("page:list", {}, "page/list/"),
        ("page:detail", {"pk": 7}, "page/7/detail/"),
        ("page:delete", {"pk": 7}, "page/7/delete/"),
        ("form:create", {}, "form/create/"),
        ("form:update", {"pk": 7}, "form/7/update/"),
        ("page:inbox", {}, "page/inbox/"),
    ],
)
def test_route(name: str, kwargs: dict[str, int], url: str) -> None:
    full_name = f"django_spire:help_desk:{name}"
    assert reverse(full_name, kwargs=kwargs) == f"/help_desk/{url}"
    assert resolve(f"/help_desk/{url}").view_name == full_name


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that installs an app with attributes, included in `urlconf_under_test`."""

    def install_app(**attributes: str) -> None:
        module = ModuleType("lending_urls")
        module.app_name = "lending"
        module.urlpatterns = [path("desk/", lambda request: HttpResponse(), name="desk")]
        monkeypatch.setitem(sys.modules, "lending_urls", module)
        package = ModuleType("lending")
        package.__path__ = ["lending"]
        config: Any = AppConfig("lending", package)
        for name, value in attributes.items():
            setattr(config, name, value)
        monkeypatch.setitem(apps.app_configs, "lending", config)
        urlconf = ModuleType("urlconf_under_test")
        urlconf.urlpatterns = [path("office/", include_helper())]
        monkeypatch.setitem(sys.modules, "urlconf_under_test", urlconf)
        clear_url_caches()

    return install_app


def test_app_with_both_attributes_is_included(install: Callable[..., None]) -> None:
    install(URLPATTERNS_INCLUDE="lending_urls", URLPATTERNS_NAMESPACE="lending")
    urlconf = "urlconf_under_test"
    assert reverse("django_spire:lending:desk", urlconf) == "/office/lending/desk/"
    listed = reverse("django_spire:help_desk:page:list", urlconf)
    assert listed == "/office/help_desk/page/list/"


@pytest.mark.parametrize(
    "attributes",
    [{}, {"URLPATTERNS_INCLUDE": "lending_urls"}, {"URLPATTERNS_NAMESPACE": "lending"}],
    ids=["neither", "include", "namespace"],
)
def test_app_without_both_attributes_is_not_included(
    install: Callable[..., None], attributes: dict[str, str]
) -> None:
    install(**attributes)
    with pytest.raises(NoReverseMatch):
        reverse("django_spire:lending:desk", "urlconf_under_test")
