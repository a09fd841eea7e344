"""The create form submitted more than once."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages

from help_desk.models import HelpDeskTicket, Notification

CREATE, DETAIL, LIST = "form:create", "page:detail", "page:list"
HIDDEN = re.compile(r'<input type="hidden" name="submission_token" value="([^"]*)">')


def token_in(response):
    return HIDDEN.search(response.content.decode())[1]


def html(response):
    return response.content.decode()


@pytest.fixture
def submit(client_of, reporter, url_of, ticket_data):
    """Posts the create form: `submit(token, description="…")`; as another user: `user=agent`."""

    def post(token, *, user=reporter, **changes):
        data = {**ticket_data, "submission_token": str(token), **changes}
        return client_of(user).post(url_of(CREATE), data)

    return post


def test_form_submitted_twice_creates_one_ticket(client_of, reporter, manager, url_of, ticket_data):
    client = client_of(reporter)
    url = f"{url_of(CREATE)}?return_url=/list/%3Fpage=2"
    data = {**ticket_data, "submission_token": token_in(client.get(url))}
    responses = [client.post(url, data) for _time in range(2)]
    ticket = HelpDeskTicket.objects.get()
    assert Notification.objects.filter(recipient=manager).count() == 1
    message = f'<a href="{url_of(DETAIL, ticket)}">Ticket #{ticket.pk}</a> created.'
    for response in responses:
        assert (response.status_code, response["Location"]) == (302, "/list/?page=2")
        assert message in map(str, get_messages(response.wsgi_request))


def test_second_submission_repeats_the_warning_about_mentions(submit):
    token = uuid4()
    for _time in range(2):
        response = submit(token, description="Ask @nobody.")
        assert any("@nobody" in str(message) for message in get_messages(response.wsgi_request))


def test_each_form_creates_a_ticket(client_of, reporter, url_of, submit):
    client = client_of(reporter)
    for _form in range(2):
        submit(token_in(client.get(url_of(CREATE))))
    assert HelpDeskTicket.objects.count() == 2


def test_token_of_another_user_does_not_lead_to_their_ticket(submit, reporter, agent):
    token = uuid4()
    for user in (reporter, agent, agent):
        assert submit(token, user=user).status_code == 302
    creators = [ticket.created_by for ticket in HelpDeskTicket.objects.order_by("pk")]
    assert creators == [reporter, agent]


def test_errors_keep_the_token_and_do_not_use_it_up(submit):
    token = uuid4()
    response = submit(token, description="")
    assert token_in(response) == str(token)
    for _time in range(2):
        assert submit(token).status_code == 302
    assert HelpDeskTicket.objects.count() == 1


@pytest.mark.parametrize(
    "token",
    [None, "", "x", "\x00", "9" * 32_000, "\ud800", "{}", "٣" * 32, "-" * 36],
    ids=["none", "empty", "letter", "NUL", "long", "surrogate", "braces", "digits", "hyphens"],
)
def test_missing_or_invalid_token_is_ignored(client_of, reporter, url_of, ticket_data, token):
    data = ticket_data if token is None else {**ticket_data, "submission_token": token}
    client = client_of(reporter)
    body = "&".join(f"{name}={value}" for name, value in data.items())
    for number in (1, 2):
        response = client.post(
            url_of(CREATE),
            body.encode("utf-8", "surrogatepass"),
            content_type="application/x-www-form-urlencoded",
        )
        assert response.status_code == 302
        if token != "٣" * 32:  # Python reads these digits, too.
            assert HelpDeskTicket.objects.count() == number


def test_invalid_token_is_replaced_on_the_form(submit):
    assert len(token_in(submit('"><script>', description=""))) == 36


def test_another_text_from_a_form_that_was_submitted_is_kept_for_a_new_ticket(submit):
    """The Back button leads to a form with the used token, and the text can be another."""
    token = uuid4()
    submit(token)
    first = HelpDeskTicket.objects.get()
    response = submit(token, description="The window is stuck, too.")
    assert response.status_code == 200
    assert (
        f"You already submitted this form, which created Ticket #{first.pk}. To create another "
        "ticket with what the form contains now, submit it again."
    ) in html(response)
    assert "The window is stuck, too.</textarea>" in html(response)
    assert HelpDeskTicket.objects.count() == 1
    assert submit(token_in(response), description="The window is stuck, too.").status_code == 302
    assert HelpDeskTicket.objects.count() == 2


def test_ticket_edited_since_is_still_found(submit, agent):
    token = uuid4()
    submit(token)
    HelpDeskTicket.objects.get().services.update(agent, description="Edited.", status="done")
    assert submit(token).status_code == 302
    assert HelpDeskTicket.objects.count() == 1


def test_deleted_ticket_is_not_created_again_unasked(submit, manager):
    token = uuid4()
    submit(token)
    first = HelpDeskTicket.objects.get()
    first.services.delete(manager)
    response = submit(token)
    assert response.status_code == 200
    assert f"Ticket #{first.pk}, has since been deleted." in html(response)
    assert HelpDeskTicket.objects.count() == 1
    assert submit(token_in(response)).status_code == 302
    assert HelpDeskTicket.objects.not_deleted().count() == 1


def test_form_can_be_submitted_again_after_its_ticket_was_erased(submit):
    token = uuid4()
    submit(token)
    HelpDeskTicket.objects.get().delete()
    assert submit(token).status_code == 302
    assert HelpDeskTicket.objects.count() == 1
