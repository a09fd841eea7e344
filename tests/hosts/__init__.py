"""Small host projects, one for each kind that the package promises to work in.

Each folder is a host: `settings.py` starts from the default host's and says what differs,
`models.py` holds its user model where it has one of its own. `HELP_DESK_TEST_HOST=<folder>`
runs the whole suite in it; `@pytest.mark.hosts("custom_user")` ties a test to some of them.
"""
