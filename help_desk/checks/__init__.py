"""System checks: misconfiguration is reported at startup."""

from help_desk.checks.settings import register_checks

__all__ = ["register_checks"]
