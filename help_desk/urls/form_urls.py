"""URLs of forms."""

from django.urls import path

from help_desk.views import (
    assignment_views,
    comment_views,
    follow_views,
    form_views,
    status_views,
)

app_name = "form"

urlpatterns = [
    path("create/", form_views.create_view, name="create"),
    path("<int:pk>/update/", form_views.update_view, name="update"),
    path("<int:pk>/status/", status_views.status_view, name="status"),
    path("<int:pk>/assign/", assignment_views.assign_view, name="assign"),
    path("<int:pk>/comment/", comment_views.comment_view, name="comment"),
    path("<int:pk>/follow/", follow_views.follow_view, name="follow"),
    path("comment/<int:pk>/edit/", comment_views.edit_comment_view, name="comment_edit"),
]
