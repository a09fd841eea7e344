"""How Django and django-spire find the help desk."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HelpDeskConfig(AppConfig):
    """The help desk, under the app label of django-spire's help desk.

    The label names the tables and the permissions, so that those of django-spire are
    taken over as they are. The attributes in capitals are read by `include_helper`, by
    django-spire's URL module and by django-spire's permission pages.
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
        from help_desk import checks  # noqa: PLC0415 -- checks register themselves once apps exist

        checks.register_checks()
