"""Mounting every app that says where its URLs are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.urls import include, path

if TYPE_CHECKING:
    from typing import Any


def include_helper() -> tuple[Any, str | None, str | None]:
    """Collect the URLs of the installed apps, as django-spire's URL module does.

    An app takes part by two attributes of its AppConfig: `URLPATTERNS_INCLUDE`, the
    dotted path of its URL module, and `URLPATTERNS_NAMESPACE`, which is its namespace
    and the first part of its paths.

    Returns:
        What `django.urls.path` takes as its view: `path("", include_helper())`. Names
        resolve as `django_spire:<namespace>:...`.
    """
    patterns = [
        path(
            f"{app.URLPATTERNS_NAMESPACE}/",
            include(app.URLPATTERNS_INCLUDE, namespace=app.URLPATTERNS_NAMESPACE),
        )
        for app in apps.get_app_configs()
        if hasattr(app, "URLPATTERNS_INCLUDE") and hasattr(app, "URLPATTERNS_NAMESPACE")
    ]
    return include((patterns, "django_spire"))
