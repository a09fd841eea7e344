"""URLs of pages that show tickets and notifications."""

from django.urls import path

from help_desk.views import delete_views, inbox_views, page_views, preferences_views

app_name = "page"

urlpatterns = [
    path("list/", page_views.list_view, name="list"),
    path("<int:pk>/detail/", page_views.detail_view, name="detail"),
    path("<int:pk>/delete/", delete_views.delete_view, name="delete"),
    path("<int:pk>/submitted/", page_views.submitted_view, name="submitted"),
    path("preferences/", preferences_views.preferences_view, name="preferences"),
    path("unsubscribe/<str:token>/", preferences_views.unsubscribe_view, name="unsubscribe"),
    path("inbox/", inbox_views.inbox_view, name="inbox"),
    path("inbox/read/", inbox_views.mark_all_read_view, name="inbox_mark_all_read"),
    path("inbox/<int:pk>/read/", inbox_views.mark_read_view, name="inbox_mark_read"),
]
