"""Concurrent edits of one ticket: merging and conflicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ValidationError

from help_desk.exceptions import TicketConflictError
from help_desk.models import HelpDeskTicket
from tests.support.notifications import history

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


def conflicts(act: Callable[[], object]) -> dict[str, tuple[Any, Any, Any]]:
    """Return field to (base, current, submitted) of the conflict that a call raises."""
    with pytest.raises(TicketConflictError) as caught:
        act()
    return {
        conflict.field: (conflict.base, conflict.current, conflict.submitted)
        for conflict in caught.value.conflicts
    }


def test_different_fields_merge_and_the_same_field_conflicts(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    base = ticket.services.version
    mine = HelpDeskTicket.objects.get(pk=ticket.pk)
    ticket.services.update(manager, priority="urge")
    form = {"priority": mine.priority, "description": "Both lifts are stuck."}
    mine.services.update(agent, base_version=base, **form)
    assert (mine.priority, mine.description) == ("urge", "Both lifts are stuck.")
    assert conflicts(lambda: mine.services.update(agent, base_version=base, priority="low")) == {
        "priority": ("med", "urge", "low")
    }
    assert HelpDeskTicket.objects.get().priority == "urge"


def test_three_users_can_change_different_fields_of_one_version(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any
) -> None:
    base = ticket.services.version
    form = {"priority": "med", "status": "read", "purpose": "app"}
    for user, change in (
        (agent, {"priority": "low"}),
        (manager, {"status": "prog"}),
        (reporter, {"purpose": "comp"}),
    ):
        ticket.services.update(user, base_version=base, **form | change)
    saved = HelpDeskTicket.objects.get()
    assert (saved.priority, saved.status, saved.purpose) == ("low", "prog", "comp")
    assert [list(changes) for changes in history(ticket)[1:]] == [
        ["priority"],
        ["status"],
        ["purpose"],
    ]


def test_third_editor_conflicts_with_the_second(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any
) -> None:
    base = ticket.services.version
    ticket.services.update(agent, base_version=base, priority="low")
    second = ticket.services.version
    ticket.services.update(manager, base_version=second, priority="high")

    def third() -> object:
        return ticket.services.update(reporter, base_version=base, priority="urge", status="done")

    assert conflicts(third) == {"priority": ("med", "high", "urge")}
    ticket.refresh_from_db()
    assert (ticket.priority, ticket.status) == ("high", "read")


def test_submitting_the_current_value_is_no_conflict(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    base = ticket.services.version
    ticket.services.update(manager, priority="urge")
    ticket.services.update(agent, base_version=base, priority="urge")
    assert len(history(ticket)) == 2


def test_field_that_was_changed_back_is_no_conflict(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    base = ticket.services.version
    ticket.services.start(manager)
    ticket.services.reopen(manager)
    ticket.services.update(agent, base_version=base, status="done")
    assert ticket.status == "done"


def test_assignee_conflicts_like_any_field(
    ticket: HelpDeskTicket, agent: Any, manager: Any, make_user: Any, grant: Any
) -> None:
    third = grant(make_user(name="third"), "change", "view")
    base = ticket.services.version
    ticket.services.assign(manager, actor=manager)
    services = HelpDeskTicket.objects.get().services
    services.update(
        agent, base_version=base, assigned_to=None
    )  # unchanged, so the current assignee stays
    assert HelpDeskTicket.objects.get().assigned_to == manager
    services.update(agent, base_version=base, assigned_to=manager)  # the current value
    assert conflicts(lambda: services.update(agent, base_version=base, assigned_to=third)) == {
        "assigned_to": (None, manager, third)
    }
    base = services.version
    ticket.services.assign(third, actor=third)
    unassigned = conflicts(lambda: services.update(agent, base_version=base, assigned_to=None))
    base, current, submitted = unassigned["assigned_to"]
    assert (str(base), current, submitted) == (str(manager.pk), third, None)


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        ("One.\r\nTwo.", "One.\nTwo."),
        ("Two. ", "Two."),
        ("\nTwo.\n\n", "Two."),
    ],
    ids=["line-endings", "space", "lines"],
)
def test_whitespace_that_forms_normalize_is_no_conflict(
    ticket: HelpDeskTicket, agent: Any, manager: Any, theirs: str, mine: str
) -> None:
    base = ticket.services.version
    ticket.services.update(manager, description=theirs)
    ticket.services.update(agent, base_version=base, description=mine)
    assert ticket.description.strip() == mine


def test_description_conflict_reports_both_texts(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    base, old = ticket.services.version, ticket.description
    ticket.services.update(manager, description="Theirs.")
    assert conflicts(
        lambda: ticket.services.update(agent, base_version=base, description="Mine.")
    ) == {"description": (old, "Theirs.", "Mine.")}
    ticket.services.update(agent, base_version=ticket.services.version, description="Mine.")
    assert history(ticket)[-1] == {"description": ["Theirs.", "Mine."]}


def test_ticket_deleted_meanwhile_cannot_be_changed(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    base = ticket.services.version
    HelpDeskTicket.objects.get().services.delete(manager)
    with pytest.raises(ValidationError) as caught:
        ticket.services.update(agent, base_version=base, priority="low")
    assert caught.value.code == "deleted"


@pytest.mark.parametrize("version", [0, -1, -(10**30)])
def test_version_before_the_first_event_overwrites_nothing(
    ticket: HelpDeskTicket, agent: Any, version: int
) -> None:
    ticket.services.update(agent, base_version=version, priority="med")
    raised = conflicts(lambda: ticket.services.update(agent, base_version=version, priority="low"))
    assert raised == {"priority": (None, "med", "low")}


@pytest.mark.parametrize("version", [10**9, 10**30])
def test_unknown_later_version_counts_as_the_latest(
    ticket: HelpDeskTicket, agent: Any, version: int
) -> None:
    ticket.services.update(agent, base_version=version, priority="low")
    assert ticket.priority == "low"


def test_comment_changes_the_version_but_is_no_conflict(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    base = ticket.services.version
    ticket.services.comment(manager, "Hm.")
    assert ticket.services.version > base
    ticket.services.update(agent, base_version=base, priority="low")
    assert ticket.priority == "low"


@pytest.mark.parametrize("has_base", [True, False], ids=["with-base-version", "without"])
def test_update_reports_all_validation_errors(
    ticket: HelpDeskTicket, agent: Any, reporter: Any, *, has_base: bool
) -> None:
    version = ticket.services.version if has_base else None
    with pytest.raises(ValidationError) as caught:
        ticket.services.update(
            agent, base_version=version, status="x", priority="y", assigned_to=reporter
        )
    assert set(caught.value.message_dict) == {"status", "priority", "assigned_to"}
    with pytest.raises(TypeError, match="'color'"):
        ticket.services.update(agent, base_version=version, color="red")
    assert len(history(ticket)) == 1


def test_unsaved_values_of_the_instance_are_not_saved(ticket: HelpDeskTicket, agent: Any) -> None:
    ticket.priority = "urge"
    ticket.services.start(agent)
    assert (ticket.priority, ticket.status) == ("med", "prog")
    assert history(ticket)[1:] == [{"status": ["read", "prog"]}]
