"""Edit conflicts on the update form."""

from __future__ import annotations

import pytest

from help_desk.models import HelpDeskTicket, TicketEvent
from help_desk.views.conflict import OtherChange

LIST, UPDATE = "page:list", "form:update"
TEMPLATE = "help_desk/ticket/conflict.html"


def html(response):
    return response.content.decode()


def saved():
    return HelpDeskTicket.objects.get()


def template_names(response):
    return [template.name for template in response.templates]


@pytest.fixture
def change(client_of, agent, url_of, ticket):
    """Post the update form as it was rendered before anyone else changed the ticket."""
    client = client_of(agent)
    data = {
        "purpose": ticket.purpose,
        "priority": ticket.priority,
        "status": ticket.status,
        "description": ticket.description,
        "version": client.get(url_of(UPDATE, ticket)).context["version"],
    }
    return lambda **changes: client.post(url_of(UPDATE, ticket), {**data, **changes})


@pytest.fixture
def resolve(change, manager, ticket):
    """Post the page of a conflict about priority and description."""
    ticket.services.update(manager, priority="urge", description="Both doors.")
    response = change(priority="low", description="Third\r\ndoor", purpose="comp")
    return lambda **more: change(**{**data_of(response), **more})


def data_of(response):
    """Return what the conflict page posts if nothing is chosen."""
    conflict = response.context["conflict"]
    data = dict(conflict.other_values)
    for field in conflict.fields:
        data[field.name] = field.submitted_value
        data[f"current-{field.name}"] = field.current_value
    return data | {
        "version": response.context["version"],
        "current_version": conflict.current_version,
    }


def test_changes_of_different_fields_are_both_saved(change, manager, ticket, url_of):
    ticket.services.update(manager, priority="urge", description="Both doors.")
    assert change(status="prog")["Location"] == url_of(LIST)
    ticket = saved()
    assert (ticket.status, ticket.priority, ticket.description) == ("prog", "urge", "Both doors.")


def test_conflict_page_shows_both_values(change, manager, ticket):
    ticket.services.update(manager, priority="urge", description="Both <i>doors</i>.")
    response = change(priority="low", description="Third\r\ndoor", purpose="comp")
    assert response.status_code == 200
    assert TEMPLATE in template_names(response)
    page = html(response)
    for text in (
        "This ticket changed while you were editing",
        "someone else changed the same fields. Choose which values to keep.",
        "Nothing you typed is lost.",
        "Both &lt;i&gt;doors&lt;/i&gt;.",
        "Third\ndoor</textarea>",
        "Value before: Medium",
        "<strong>Urgent</strong>",
        "<strong>Low</strong>",
        f"Value set by {manager.get_username()}",
        '<input type="hidden" name="purpose" value="comp">',
        "Your other changes will be saved too",
        "Discard my changes",
    ):
        assert text in page
    assert response.context["conflict"].other_changes == (
        OtherChange(label="Purpose", value="Company", is_long=False),
    )
    assert (saved().priority, saved().purpose) == ("urge", "app")


def test_field_that_the_user_did_not_change_keeps_the_value_of_others(change, manager, ticket):
    ticket.services.update(manager, priority="urge", description="Theirs.")
    response = change(description="Mine.")
    conflict = response.context["conflict"]
    assert dict(conflict.other_values)["priority"] == "urge"
    assert conflict.other_changes == ()
    assert [field.name for field in conflict.fields] == ["description"]
    change(**data_of(response), **{"keep-description": "submitted"})
    assert (saved().description, saved().priority) == ("Mine.", "urge")


def test_ticket_without_history_is_protected_too(client_of, agent, manager, ticket, url_of):
    TicketEvent.objects.filter(ticket=ticket).remove()  # as django-spire leaves it
    page = client_of(agent).get(url_of(UPDATE, ticket))
    assert 'name="version" value="0"' in html(page)
    ticket.services.update(manager, priority="urge")
    data = {"purpose": "app", "status": "read", "description": "x", "priority": "low"}
    response = client_of(agent).post(url_of(UPDATE, ticket), {**data, "version": "0"})
    assert [field.name for field in response.context["conflict"].fields] == ["priority"]


def test_user_chooses_field_by_field(resolve, url_of):
    response = resolve(**{"keep-priority": "current", "keep-description": "submitted"})
    assert response["Location"] == url_of(LIST)
    ticket = saved()
    assert (ticket.priority, ticket.description, ticket.purpose) == ("urge", "Third\ndoor", "comp")


def test_submitted_text_can_be_edited_on_the_conflict_page(resolve):
    resolve(
        **{"keep-priority": "submitted", "keep-description": "submitted"}, description="All doors"
    )
    assert (saved().priority, saved().description) == ("low", "All doors")


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"keep-priority": "current"},
        {"keep-priority": "submitted", "keep-description": "\x00"},
    ],
    ids=["none", "one", "invalid"],
)
def test_unresolved_conflict_saves_and_loses_nothing(resolve, choices):
    response = resolve(**choices)
    assert response.status_code == 200
    assert "Choose a value for each field" in html(response)
    assert "Third\ndoor</textarea>" in html(response)
    assert "<strong>Low</strong>" in html(response)
    assert (saved().priority, saved().description) == ("urge", "Both doors.")
    if choices:
        priority = response.context["conflict"].fields[0]
        assert priority.kept == choices["keep-priority"]


def test_change_by_a_third_user_is_a_conflict_again(resolve, reporter, ticket):
    ticket.services.update(reporter, description="No door at all.")
    response = resolve(**{"keep-priority": "submitted", "keep-description": "submitted"})
    (field,) = response.context["conflict"].fields
    assert field.current == "No door at all."
    assert field.submitted == "Third\ndoor"
    assert saved().priority == "urge"


def test_current_value_that_was_kept_can_change_again(resolve, reporter, ticket):
    ticket.services.update(reporter, description="No door at all.")
    response = resolve(**{"keep-priority": "submitted", "keep-description": "current"})
    assert response.status_code == 302
    assert (saved().priority, saved().description) == ("low", "No door at all.")


def test_invalid_text_on_the_conflict_page_is_an_error_of_the_form(resolve):
    response = resolve(
        **{"keep-priority": "submitted", "keep-description": "submitted"}, description=" "
    )
    assert set(response.context["form"].errors) == {"description"}
    assert saved().priority == "urge"


@pytest.mark.parametrize("version", ["", "abc", "-1", "9" * 20, "9" * 5000, "\x00"])
def test_invalid_version_is_handled(change, ticket, manager, version):
    ticket.services.update(manager, priority="urge")
    assert change(priority="low", version=version).status_code in {200, 302}


def test_form_with_errors_keeps_the_version(change, ticket, manager):
    ticket.services.update(manager, priority="urge")
    response = change(priority="low", description="")
    assert response.context["version"] < ticket.services.version
    again = change(priority="low", version=response.context["version"])
    assert TEMPLATE in template_names(again)


def test_line_endings_are_no_change(client_of, agent, manager, make_ticket, url_of):
    ticket = make_ticket(description="  one\r\ntwo ")
    version = ticket.services.version
    ticket.services.update(manager, description="three")
    data = {"purpose": "app", "priority": "low", "status": "read", "version": version}
    response = client_of(agent).post(url_of(UPDATE, ticket), {**data, "description": "one\r\ntwo"})
    assert response.status_code == 302
    ticket.refresh_from_db()
    assert (ticket.description, ticket.priority) == ("three", "low")
