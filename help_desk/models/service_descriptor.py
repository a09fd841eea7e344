"""How `ticket.services` comes to be a service bound to that ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from django.db import models


class ServiceDescriptor:
    """Gives an instance, or its class, a service bound to the instance.

    The service is named by its dotted path and looked up at use, because services import
    the models and not the other way round.
    """

    def __init__(self, path: str) -> None:
        """Remember where the service is.

        Args:
            path: Dotted path of a class that is called with the instance.
        """
        self.path = path

    def __get__(self, instance: models.Model | None, owner: type[models.Model]) -> Any:
        """Bind the service.

        Args:
            instance: The instance that was asked, or None if the class was.
            owner: The class.

        Returns:
            The service, bound to the instance; on the class, to a new, unsaved one.
        """
        return import_string(self.path)(owner() if instance is None else instance)
