"""The AppConfig, as Django and django-spire read it."""

from __future__ import annotations

from django.apps import apps
from django.utils.module_loading import import_string

from help_desk.models import HelpDeskTicket


def test_app_config_has_the_attributes_that_django_spire_reads() -> None:
    config = apps.get_app_config("django_spire_help_desk")
    assert (config.name, str(config.verbose_name)) == ("help_desk", "Help Desk")
    assert config.URLPATTERNS_INCLUDE == "help_desk.urls"
    assert config.URLPATTERNS_NAMESPACE == "help_desk"
    (permissions,) = config.MODEL_PERMISSIONS
    assert isinstance(config.MODEL_PERMISSIONS, tuple)
    assert permissions == {
        "name": "help_desk",
        "verbose_name": "Help Desk",
        "model_class_path": "help_desk.models.HelpDeskTicket",
        "is_proxy_model": False,
    }
    assert import_string(permissions["model_class_path"]) is HelpDeskTicket
