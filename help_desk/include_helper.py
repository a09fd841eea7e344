"""Including the URLs of every app that declares them in its AppConfig."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.urls import include, path

if TYPE_CHECKING:
    from typing import Any


def include_helper() -> tuple[Any, str | None, str | None]:
    """Return the URLs of the installed apps, as django-spire's URL module includes them.

    An app is included if its AppConfig has two attributes: `URLPATTERNS_INCLUDE`, the dotted
    path of its URL module, and `URLPATTERNS_NAMESPACE`, its namespace and the first part of
    its paths. URL names have the form `django_spire:<namespace>:...`.

    Returns:
        The result of `django.urls.include()`, for `path("", include_helper())`.
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
