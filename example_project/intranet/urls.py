from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import path

from help_desk.include_helper import include_helper
from intranet import views

urlpatterns = [
    path("", views.home, name="home"),
    path("people/", views.people, name="people"),
    path("sign-in/", auth_views.LoginView.as_view(), name="login"),
    path("sign-out/", views.SignOutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
    path("", include_helper()),
]
