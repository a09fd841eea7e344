"""Marks that limit tests to some of the hosts in tests/hosts."""

import pytest

with_email = pytest.mark.hosts(
    "default", "custom_user", "login_required", "multi_db", "use_tz_false"
)
"""Hosts whose users have email addresses."""
