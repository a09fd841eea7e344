"""`manage.py help_desk_erase_user`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import router
from django.db.models import ProtectedError, RestrictedError

from help_desk.management.arguments import add_database_argument
from help_desk.models import HelpDeskTicket
from help_desk.services import erasure

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from help_desk.services.erasure import Erasure

MAX_LISTED = 20

QUESTION = """\
This removes what the help desk stores about {user}:

  Their tickets, comments and history are attributed to {placeholder}.
  Tickets that are assigned to them are unassigned.
  Mentions of @{user} become @{placeholder}.
  Their notifications, subscriptions and preferences are deleted.{delete}

It cannot be undone. Type 'yes' to continue, or anything else to cancel: """


class Command(BaseCommand):
    """Erase a user, for example when they have left and ask for it."""

    help = (
        "Attributes the tickets, comments and history of a user to a placeholder, and deletes "
        "what else the help desk stores about them. Keeps the account unless --delete is given."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", metavar="USERNAME", help="The user to erase.")
        parser.add_argument(
            "--placeholder",
            default="deleted-user",
            metavar="USERNAME",
            help="An inactive user; deleted-user by default. Created if it does not exist.",
        )
        parser.add_argument("--delete", action="store_true", help="Also delete the user's account.")
        parser.add_argument(
            "--no-input",
            action="store_false",
            dest="interactive",
            help="Do not ask for confirmation.",
        )
        add_database_argument(parser, "tickets")

    def handle(self, *args: Any, user: str, placeholder: str, delete: bool, **options: Any) -> None:
        using = options["database"] or router.db_for_write(HelpDeskTicket)
        person = _find_user(user, using)
        if _is_named(person, placeholder, using):
            message = "The placeholder must be another user than the one to erase."
            raise CommandError(message)
        if options["interactive"]:
            _confirm(user, placeholder, delete=delete)
        try:
            report = erasure.erase_user(
                person,
                erasure.get_placeholder(placeholder, using=using),
                using=using,
                delete=delete,
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except (ProtectedError, RestrictedError) as error:
            message = f"{user} cannot be deleted, and nothing was changed: {error.args[0]}"
            raise CommandError(message) from error
        self.stdout.write(f"Erased {user}:")
        for line in _lines(report, placeholder):
            self.stdout.write(line)
        self.stdout.write("The account was deleted." if delete else "The account was kept.")
        if report.tickets_to_review:
            self.stdout.write(_review(report.tickets_to_review))


def _find_user(name: str, using: str) -> Any:
    user_model: Any = get_user_model()
    try:
        return user_model._base_manager.using(using).get(**{user_model.USERNAME_FIELD: name})
    except user_model.DoesNotExist:
        message = f"There is no user {name!r}."
        raise CommandError(message) from None


def _is_named(user: Any, name: str, using: str) -> bool:
    """Whether the database finds a user by a name; some databases ignore case."""
    user_model: Any = get_user_model()
    users = user_model._base_manager.using(using)
    found: bool = users.filter(pk=user.pk, **{user_model.USERNAME_FIELD: name}).exists()
    return found


def _confirm(user: str, placeholder: str, *, delete: bool) -> None:
    consequence = "\n  The account is deleted." if delete else ""
    question = QUESTION.format(user=user, placeholder=placeholder, delete=consequence)
    try:
        answer = input(question)
    except EOFError:
        message = "Nothing was changed: there is no input. Use --no-input to skip the question."
        raise CommandError(message) from None
    if answer != "yes":
        message = "Nothing was changed."
        raise CommandError(message)


def _lines(report: Erasure, placeholder: str) -> list[str]:
    return [
        f"{count:>7} {text}"
        for count, text in (
            (report.created, f"created tickets now belong to {placeholder}"),
            (report.assigned, "assigned tickets were unassigned"),
            (report.comments, f"comments are now by {placeholder}"),
            (report.events + report.assignments, f"entries of the history name {placeholder}"),
            (report.mentions, f"texts mention @{placeholder} instead"),
            (report.notifications, f"notifications deleted, {report.unsent} of them not sent yet"),
            (report.errors, "delivery errors no longer contain the email address"),
            (report.subscriptions, "subscriptions deleted"),
            (report.preferences, "preferences deleted"),
        )
    ]


def _review(ticket_ids: tuple[int, ...]) -> str:
    listed = ", ".join(f"#{ticket_id}" for ticket_id in ticket_ids[:MAX_LISTED])
    more = len(ticket_ids) - MAX_LISTED
    others = f" and {more} more" if more > 0 else ""
    return (
        "Descriptions or comments of these tickets still contain the name or the email address "
        f"as users typed it: {listed}{others}. Review them."
    )
