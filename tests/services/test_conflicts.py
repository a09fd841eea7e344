"""Several people change one ticket: nothing is lost, and nothing overwritten unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ValidationError

from help_desk.exceptions import TicketConflictError
from help_desk.models import HelpDeskTicket
from tests.support.telling import history

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


def conflicts(act: Callable[[], object]) -> dict[str, tuple[Any, Any, Any]]:
    with pytest.raises(TicketConflictError) as caught:
        act()
    return {
        conflict.field: (conflict.drawn, conflict.current, conflict.wanted)
        for conflict in caught.value.conflicts
    }


def test_different_fields_merge_and_the_same_field_conflicts(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    drawn = ticket.services.version
    mine = HelpDeskTicket.objects.get(pk=ticket.pk)
    ticket.services.update(manager, priority="urge")
    said = {"priority": mine.priority, "description": "Both lifts sing."}
    mine.services.update(agent, base_version=drawn, **said)
    assert (mine.priority, mine.description) == ("urge", "Both lifts sing.")
    assert conflicts(lambda: mine.services.update(agent, base_version=drawn, priority="low")) == {
        "priority": ("med", "urge", "low")
    }
    assert HelpDeskTicket.objects.get().priority == "urge"


def test_three_people_with_one_page_each_change_their_own(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any
) -> None:
    drawn = ticket.services.version
    page = {"priority": "med", "status": "read", "purpose": "app"}
    for person, change in (
        (agent, {"priority": "low"}),
        (manager, {"status": "prog"}),
        (reporter, {"purpose": "comp"}),
    ):
        ticket.services.update(person, base_version=drawn, **page | change)
    saved = HelpDeskTicket.objects.get()
    assert (saved.priority, saved.status, saved.purpose) == ("low", "prog", "comp")
    assert [list(changes) for changes in history(ticket)[1:]] == [
        ["priority"],
        ["status"],
        ["purpose"],
    ]


def test_third_writer_is_in_conflict_with_the_second(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any
) -> None:
    drawn = ticket.services.version
    ticket.services.update(agent, base_version=drawn, priority="low")
    second = ticket.services.version
    ticket.services.update(manager, base_version=second, priority="high")

    def third() -> object:
        return ticket.services.update(reporter, base_version=drawn, priority="urge", status="done")

    assert conflicts(third) == {"priority": ("med", "high", "urge")}
    ticket.refresh_from_db()
    assert (ticket.priority, ticket.status) == ("high", "read"), "all or nothing"


def test_who_wants_what_is_there_already_succeeds(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    drawn = ticket.services.version
    ticket.services.update(manager, priority="urge")
    ticket.services.update(agent, base_version=drawn, priority="urge")
    assert len(history(ticket)) == 2


def test_what_was_changed_and_changed_back_is_no_conflict(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    drawn = ticket.services.version
    ticket.services.start(manager)
    ticket.services.reopen(manager)
    ticket.services.update(agent, base_version=drawn, status="done")
    assert ticket.status == "done"


def test_assignee_conflicts_like_any_field(
    ticket: HelpDeskTicket, agent: Any, manager: Any, make_user: Any, grant: Any
) -> None:
    third = grant(make_user(name="third"), "change", "view")
    drawn = ticket.services.version
    ticket.services.assign(manager, actor=manager)
    services = HelpDeskTicket.objects.get().services
    services.update(agent, base_version=drawn, assigned_to=None)  # as it was drawn: left
    assert HelpDeskTicket.objects.get().assigned_to == manager
    services.update(agent, base_version=drawn, assigned_to=manager)  # the same wish
    assert conflicts(lambda: services.update(agent, base_version=drawn, assigned_to=third)) == {
        "assigned_to": (None, manager, third)
    }
    drawn = services.version
    ticket.services.assign(third, actor=third)
    released = conflicts(lambda: services.update(agent, base_version=drawn, assigned_to=None))
    drawn_key, current, wanted = released["assigned_to"]
    assert (str(drawn_key), current, wanted) == (str(manager.pk), third, None)


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        ("One.\r\nTwo.", "One.\nTwo."),
        ("Two. ", "Two."),
        ("\nTwo.\n\n", "Two."),
    ],
    ids=["line-ends", "space", "lines"],
)
def test_texts_that_differ_only_as_forms_make_them_are_the_same(
    ticket: HelpDeskTicket, agent: Any, manager: Any, theirs: str, mine: str
) -> None:
    drawn = ticket.services.version
    ticket.services.update(manager, description=theirs)
    ticket.services.update(agent, base_version=drawn, description=mine)
    assert ticket.description.strip() == mine


def test_description_that_two_people_rewrote_keeps_both_for_the_second_to_choose(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    drawn, was = ticket.services.version, ticket.description
    ticket.services.update(manager, description="Theirs.")
    assert conflicts(
        lambda: ticket.services.update(agent, base_version=drawn, description="Mine.")
    ) == {"description": (was, "Theirs.", "Mine.")}
    ticket.services.update(agent, base_version=ticket.services.version, description="Mine.")
    assert history(ticket)[-1] == {"description": ["Theirs.", "Mine."]}


def test_ticket_that_was_deleted_meanwhile_is_not_changed(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    drawn = ticket.services.version
    HelpDeskTicket.objects.get().services.delete(manager)
    with pytest.raises(ValidationError) as caught:
        ticket.services.update(agent, base_version=drawn, priority="low")
    assert caught.value.code == "deleted"


@pytest.mark.parametrize("version", [0, -1, -(10**30)])
def test_version_before_all_others_overwrites_nothing(
    ticket: HelpDeskTicket, agent: Any, version: int
) -> None:
    ticket.services.update(agent, base_version=version, priority="med")
    raised = conflicts(lambda: ticket.services.update(agent, base_version=version, priority="low"))
    assert raised == {"priority": (None, "med", "low")}


@pytest.mark.parametrize("version", [10**9, 10**30])
def test_version_that_never_was_is_taken_for_the_latest(
    ticket: HelpDeskTicket, agent: Any, version: int
) -> None:
    ticket.services.update(agent, base_version=version, priority="low")
    assert ticket.priority == "low"


def test_comment_is_a_version_and_no_conflict(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    drawn = ticket.services.version
    ticket.services.comment(manager, "Hm.")
    assert ticket.services.version > drawn
    ticket.services.update(agent, base_version=drawn, priority="low")
    assert ticket.priority == "low"


@pytest.mark.parametrize("drawn", [True, False], ids=["versioned", "plain"])
def test_everything_that_is_wrong_is_said_at_once(
    ticket: HelpDeskTicket, agent: Any, reporter: Any, *, drawn: bool
) -> None:
    version = ticket.services.version if drawn else None
    with pytest.raises(ValidationError) as caught:
        ticket.services.update(
            agent, base_version=version, status="x", priority="y", assigned_to=reporter
        )
    assert set(caught.value.message_dict) == {"status", "priority", "assigned_to"}
    with pytest.raises(TypeError, match="'colour'"):
        ticket.services.update(agent, base_version=version, colour="red")
    assert len(history(ticket)) == 1


def test_unsaved_values_of_the_instance_do_not_slip_in(ticket: HelpDeskTicket, agent: Any) -> None:
    ticket.priority = "urge"
    ticket.services.start(agent)
    assert (ticket.priority, ticket.status) == ("med", "prog")
    assert history(ticket)[1:] == [{"status": ["read", "prog"]}]
