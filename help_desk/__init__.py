"""A help desk that a Django project embeds."""

__version__ = "0.1.0"
