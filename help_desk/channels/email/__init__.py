"""Email, through the host's own mail configuration."""

from help_desk.channels.email.channel import EmailChannel

__all__ = ["EmailChannel"]
