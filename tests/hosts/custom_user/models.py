import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models


class EmailUser(AbstractBaseUser, PermissionsMixin):
    """A user without `username` whose email field is not called `email`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email_address = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)

    objects = BaseUserManager()

    USERNAME_FIELD = "email_address"
    EMAIL_FIELD = "email_address"

    def __str__(self) -> str:
        return self.email_address
