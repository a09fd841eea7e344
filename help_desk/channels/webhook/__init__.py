"""Signed HTTP requests to other programs."""

from help_desk.channels.webhook.channel import WebhookChannel

__all__ = ["WebhookChannel"]
