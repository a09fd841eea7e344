"""Demo data for the intranet: users, half a year of tickets, and `manage.py demo`."""
