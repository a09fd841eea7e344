"""The descriptor of `ticket.services`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from django.db import models


class ServiceDescriptor:
    """Binds a service to an instance; on the class, to a new unsaved instance.

    The service is named by its dotted path, because services are a layer above models.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def __get__(self, instance: models.Model | None, owner: type[models.Model]) -> Any:
        return import_string(self.path)(owner() if instance is None else instance)
