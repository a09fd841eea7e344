"""System checks: misconfiguration is reported at startup."""

from __future__ import annotations

from django.core.checks import Tags, register

from help_desk.checks.admins import check_admins
from help_desk.checks.channels import check_channels
from help_desk.checks.databases import check_sqlite
from help_desk.checks.delivery import check_delivery, check_overdue
from help_desk.checks.login import check_login_url
from help_desk.checks.rules import check_rules
from help_desk.checks.settings import check_settings
from help_desk.checks.templates import check_base_template
from help_desk.checks.urls import check_current_site, check_mounting, check_site_url

CHECKS = (
    (check_settings, Tags.compatibility),
    (check_admins, Tags.compatibility),
    (check_channels, Tags.compatibility),
    (check_delivery, Tags.compatibility),
    (check_rules, Tags.compatibility),
    (check_site_url, Tags.urls),
    (check_mounting, Tags.urls),
    (check_login_url, Tags.urls),
    (check_base_template, Tags.templates),
    (check_overdue, Tags.database),
    (check_current_site, Tags.database),
)


def register_checks() -> None:
    """Register every check of the help desk."""
    for check, tag in CHECKS:
        register(check, tag)
    register(check_sqlite, Tags.compatibility, deploy=True)
