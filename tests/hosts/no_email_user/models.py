from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models


class Employee(AbstractBaseUser, PermissionsMixin):
    """A user with a number; `EMAIL_FIELD` is not set, so Django assumes `email`."""

    personnel_number = models.CharField(max_length=20, unique=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)

    objects = BaseUserManager()

    USERNAME_FIELD = "personnel_number"

    def __str__(self) -> str:
        return self.personnel_number
