"""URLs of the help desk; `include_helper` includes them below `help_desk/`."""

from django.urls import include, path

from help_desk.views import page_views

app_name = "help_desk"

urlpatterns = [
    path("", page_views.index_view, name="index"),
    path("page/", include("help_desk.urls.page_urls", namespace="page")),
    path("form/", include("help_desk.urls.form_urls", namespace="form")),
]
