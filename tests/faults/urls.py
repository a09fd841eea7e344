"""The URLs of the tests, and a page of the host that restores a ticket."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.views.decorators.http import require_POST

from help_desk.models import HelpDeskTicket
from tests import urls


@require_POST
@login_required
def restore_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Restore a deleted ticket."""
    get_object_or_404(HelpDeskTicket, pk=pk).services.restore(actor=request.user)
    return redirect("django_spire:help_desk:page:list")


urlpatterns = [*urls.urlpatterns, path("restore/<int:pk>/", restore_view)]
