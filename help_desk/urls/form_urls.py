"""Addresses of what is filled in."""

from django.urls import path

from help_desk.views import conversation_views, form_views, work_views

app_name = "form"

urlpatterns = [
    path("create/", form_views.create_view, name="create"),
    path("<int:pk>/update/", form_views.update_view, name="update"),
    path("<int:pk>/status/", work_views.status_view, name="status"),
    path("<int:pk>/assign/", work_views.assign_view, name="assign"),
    path("<int:pk>/comment/", conversation_views.comment_view, name="comment"),
    path("<int:pk>/follow/", conversation_views.follow_view, name="follow"),
    path("comment/<int:pk>/correct/", conversation_views.correct_view, name="correct"),
]
