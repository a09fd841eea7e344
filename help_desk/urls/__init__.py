"""URLs of the pages; `include_helper` mounts them below `help_desk/`."""

from django.urls import include, path
from django.views.generic import RedirectView

app_name = "help_desk"

urlpatterns = [
    # For users who type the beginning of a URL.
    path("", RedirectView.as_view(pattern_name="django_spire:help_desk:page:list"), name="index"),
    path("page/", include("help_desk.urls.page_urls", namespace="page")),
    path("form/", include("help_desk.urls.form_urls", namespace="form")),
]
