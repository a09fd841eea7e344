"""The URLs of the help desk, and of the views that its pages are compared with."""

from django.urls import include, path

from help_desk.include_helper import include_helper

urlpatterns = [
    path("", include_helper()),
    path("baseline/", include("benchmarks.baseline")),
]
