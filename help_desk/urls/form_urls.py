"""Addresses of what is filled in."""

from django.urls import path

from help_desk.views import comment_views as conversation_views
from help_desk.views import form_views
from help_desk.views import workflow_views as work_views

app_name = "form"

urlpatterns = [
    path("create/", form_views.create_view, name="create"),
    path("<int:pk>/update/", form_views.update_view, name="update"),
    path("<int:pk>/status/", work_views.status_view, name="status"),
    path("<int:pk>/assign/", work_views.assign_view, name="assign"),
    path("<int:pk>/comment/", conversation_views.comment_view, name="comment"),
    path("<int:pk>/follow/", conversation_views.follow_view, name="follow"),
    path("comment/<int:pk>/edit/", conversation_views.edit_comment_view, name="comment_edit"),
]
