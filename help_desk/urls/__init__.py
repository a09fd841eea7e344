"""URLs of the help desk; `include_helper` includes them below `help_desk/`."""

from django.urls import include, path
from django.views.generic import RedirectView

from help_desk.views.access import permission_required

app_name = "help_desk"

urlpatterns = [
    # The root URL redirects to the list.
    path(
        "",
        permission_required(None)(
            RedirectView.as_view(pattern_name="django_spire:help_desk:page:list")
        ),
        name="index",
    ),
    path("page/", include("help_desk.urls.page_urls", namespace="page")),
    path("form/", include("help_desk.urls.form_urls", namespace="form")),
]
