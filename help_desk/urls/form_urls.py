"""Addresses of what is filled in."""

from django.urls import path

from help_desk.views import form_views

app_name = "form"

urlpatterns = [
    path("create/", form_views.create_view, name="create"),
    path("<int:pk>/update/", form_views.update_view, name="update"),
]
