"""The AppConfig."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HelpDeskConfig(AppConfig):
    """The help desk, under the app label of django-spire's help desk.

    Tables and permissions are named after the label, so those of django-spire are kept. The
    attributes in capitals are read by `include_helper`, and by django-spire's URL module and
    permission pages.
    """

    name = "help_desk"
    label = "django_spire_help_desk"
    verbose_name = _("Help Desk")
    default_auto_field = "django.db.models.BigAutoField"

    URLPATTERNS_INCLUDE = "help_desk.urls"
    URLPATTERNS_NAMESPACE = "help_desk"
    MODEL_PERMISSIONS = (
        {
            "name": "help_desk",
            "verbose_name": "Help Desk",
            "model_class_path": "help_desk.models.HelpDeskTicket",
            "is_proxy_model": False,
        },
    )

    def ready(self) -> None:
        """Register the system checks."""
        from help_desk import checks  # noqa: PLC0415 -- checks import models

        checks.register_checks()
