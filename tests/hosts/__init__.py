"""Small host projects, one for each kind of project that the package supports.

Each folder is a host: `settings.py` overrides the default host's settings, and `models.py` has
its user model, if any. `HELP_DESK_TEST_HOST=<folder>` runs the suite in that host;
`@pytest.mark.hosts("custom_user")` limits a test to some of them.
"""
