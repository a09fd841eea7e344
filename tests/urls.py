"""The URLs of every test host: the three lines, a sign-in page and Django's admin."""

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import path

from help_desk.include_helper import include_helper

urlpatterns = [
    path("", include_helper()),
    path(
        "accounts/login/",
        auth_views.LoginView.as_view(template_name="admin/login.html"),
        name="login",
    ),
    path("admin/", admin.site.urls),
]
