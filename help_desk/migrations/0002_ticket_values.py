import django.core.validators
import django.utils.timezone
from django.core.management.base import CommandError
from django.db import migrations, models

import help_desk.validators
from help_desk import takeover
from help_desk.migrations._restartable import restartable

MAX_LISTED = 20


def refuse_invalid_rows(apps, schema_editor):
    """Stop before anything is changed if the constraints would fail."""
    model = apps.get_model("django_spire_help_desk", "HelpDeskTicket")
    tickets = takeover.invalid_tickets(model, schema_editor.connection.alias)
    numbers = list(tickets.values_list("pk", flat=True)[: MAX_LISTED + 1])
    if numbers:
        more = f" and {tickets.count() - MAX_LISTED} more" if len(numbers) > MAX_LISTED else ""
        listed = ", ".join(f"#{number}" for number in numbers[:MAX_LISTED])
        message = (
            "These tickets have an invalid purpose, priority or status: "
            f"{listed}{more}. Nothing was changed. "
            f"Run `manage.py {takeover.COMMAND}` to list the values and "
            f"`manage.py {takeover.COMMAND} --fix` to replace them, then run migrate again."
        )
        raise CommandError(message)


class Migration(migrations.Migration):
    """Add constraints for purpose, priority and status."""

    dependencies = [("django_spire_help_desk", "0001_initial")]

    operations = restartable(
        [
            migrations.RunPython(refuse_invalid_rows, migrations.RunPython.noop),
            migrations.AlterField(
                model_name="helpdeskticket",
                name="created_datetime",
                field=models.DateTimeField(
                    default=django.utils.timezone.now, editable=False, verbose_name="Created"
                ),
            ),
            migrations.AlterField(
                model_name="helpdeskticket",
                name="description",
                field=models.TextField(
                    validators=[
                        django.core.validators.MaxLengthValidator(100000),
                        help_desk.validators.validate_storable_text,
                        help_desk.validators.validate_not_blank,
                    ],
                    verbose_name="Description",
                ),
            ),
            migrations.AlterField(
                model_name="helpdeskticket",
                name="is_active",
                field=models.BooleanField(default=True, editable=False, verbose_name="Active"),
            ),
            migrations.AlterField(
                model_name="helpdeskticket",
                name="is_deleted",
                field=models.BooleanField(default=False, editable=False, verbose_name="Deleted"),
            ),
            migrations.AddConstraint(
                model_name="helpdeskticket",
                constraint=models.CheckConstraint(
                    condition=models.Q(("purpose__in", ["app", "comp"])),
                    name="help_desk_ticket_purpose_valid",
                ),
            ),
            migrations.AddConstraint(
                model_name="helpdeskticket",
                constraint=models.CheckConstraint(
                    condition=models.Q(("priority__in", ["low", "med", "high", "urge"])),
                    name="help_desk_ticket_priority_valid",
                ),
            ),
            migrations.AddConstraint(
                model_name="helpdeskticket",
                constraint=models.CheckConstraint(
                    condition=models.Q(("status__in", ["read", "prog", "done"])),
                    name="help_desk_ticket_status_valid",
                ),
            ),
        ]
    )
