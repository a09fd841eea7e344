from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from accounts.models import User


@admin.register(User)
class IntranetUserAdmin(UserAdmin):
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("display_name", "email", "department", "extension")}),
        (
            "Permissions",
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        *UserAdmin.add_fieldsets,
        ("Person", {"fields": ("display_name", "email", "department", "extension")}),
    )
    list_display = ("username", "display_name", "department", "email", "is_staff")
    list_filter = ("department", "is_staff", "is_active", "groups")
    search_fields = ("username", "display_name", "email")
    ordering = ("display_name",)
