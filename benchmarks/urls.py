"""The package's URLs, and the minimal pages that they are compared with."""

from django.urls import include, path

from help_desk.include_helper import include_helper

urlpatterns = [
    path("", include_helper()),
    path("floor/", include("benchmarks.floor")),
]
