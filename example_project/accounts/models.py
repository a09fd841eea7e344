"""The employees of the company."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class Department(models.TextChoices):
    ACCOUNTS = "accounts", "Accounts"
    CUSTOMER_SERVICE = "customer-service", "Customer Service"
    DEVELOPMENT = "development", "Software Development"
    FACILITIES = "facilities", "Facilities"
    HUMAN_RESOURCES = "human-resources", "Human Resources"
    IT_SUPPORT = "it-support", "IT Support"
    MARKETING = "marketing", "Marketing"
    OPERATIONS = "operations", "Operations"
    PURCHASING = "purchasing", "Purchasing"
    RECEPTION = "reception", "Reception"
    SALES = "sales", "Sales"
    WAREHOUSE = "warehouse", "Warehouse"


class User(AbstractUser):
    """An employee, with one field for the full name."""

    first_name = None
    last_name = None
    display_name = models.CharField(max_length=150)
    department = models.CharField(max_length=20, choices=Department, blank=True)
    extension = models.CharField("telephone extension", max_length=8, blank=True)

    REQUIRED_FIELDS = ("email", "display_name")

    class Meta(AbstractUser.Meta):
        ordering = ("display_name",)

    def __str__(self) -> str:
        return self.display_name or self.username

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name.partition(" ")[0]
