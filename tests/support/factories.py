"""Factories of users and tickets for any user model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import factory
from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from factory.django import DjangoModelFactory

from help_desk.choices import HelpDeskTicketPriorityChoices, HelpDeskTicketPurposeChoices
from help_desk.models import HelpDeskTicket

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.db import models


def has_email(user_model: type[AbstractBaseUser]) -> bool:
    """Whether users of this model have an email address."""
    try:
        user_model._meta.get_field(user_model.get_email_field_name())
    except FieldDoesNotExist:
        return False
    return True


class UserFactory(DjangoModelFactory):
    """A user without permissions.

    `name` and `email` are stored in the fields that the user model has for them; a model
    without an email field gets none.
    """

    class Meta:
        model = settings.AUTH_USER_MODEL

    name = factory.Sequence(lambda number: f"user{number}")
    email = factory.LazyAttribute(lambda user: f"{user.name}@people.example.com")

    @classmethod
    def _create(cls, model_class: type[Any], *args: Any, **kwargs: Any) -> Any:
        name, email = kwargs.pop("name"), kwargs.pop("email")
        password = kwargs.pop("password", None)
        kwargs.setdefault(model_class.USERNAME_FIELD, name)
        if has_email(model_class):
            kwargs[model_class.get_email_field_name()] = email
        user = model_class(*args, **kwargs)
        user.set_password(password)
        user.save()
        return user


class TicketFactory(DjangoModelFactory):
    """A ticket that was saved directly: it has a history, and no one was notified."""

    class Meta:
        model = HelpDeskTicket

    created_by = factory.SubFactory(UserFactory)
    purpose = HelpDeskTicketPurposeChoices.APP
    priority = HelpDeskTicketPriorityChoices.MEDIUM
    description = factory.Sequence(lambda number: f"The printer on floor {number} is stuck.")


class CreatedTicketFactory(TicketFactory):
    """A ticket that was created through the service: developers and managers were notified."""

    @classmethod
    def _create(cls, model_class: type[models.Model], *args: Any, **kwargs: Any) -> Any:
        return model_class().services.create(*args, **kwargs)
