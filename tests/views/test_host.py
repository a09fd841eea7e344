"""The pages in a host project: base template, middleware, permissions, markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.urls import reverse

PAGES = {
    "page:list": False, "page:detail": True, "page:delete": True, "page:inbox": False,
    "form:create": False, "form:update": True,
}  # fmt: skip
VOID = {"meta", "link", "input", "br", "img", "hr"}


def html(response):
    return response.content.decode()


class Outline(HTMLParser):
    """Collects the elements of a page and reports wrong nesting."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.problems = [], [], []
        self.feed(page)
        if self.open:
            self.problems.append(f"not closed: {self.open}")

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> at {self.getpos()}")


@pytest.fixture
def pages(client_of, manager, create_ticket):
    """Return a function that renders every page, with content, for a manager."""
    ticket = create_ticket(description='"><img src=x onerror=alert(1)>')
    ticket.services.update(actor=manager, description="After", status="prog")
    client = client_of(manager)

    def render():
        urls = {
            name: reverse(
                f"django_spire:help_desk:{name}", kwargs={"pk": ticket.pk} if needs_number else None
            )
            for name, needs_number in PAGES.items()
        }
        rendered = {"page:inbox": html(client.get(urls["page:inbox"]))}
        rendered |= {
            name: html(client.get(url)) for name, url in urls.items() if name not in rendered
        }
        own = create_ticket(created_by=manager)
        rendered["page:submitted"] = html(
            client.get(reverse("django_spire:help_desk:page:submitted", kwargs={"pk": own.pk}))
        )
        rendered["errors"] = html(client.post(urls["form:create"], {"purpose": '"><script>'}))
        return rendered

    return render


@pytest.fixture
def forbidden_page(client_of, user_without_permissions, url_of):
    return html(client_of(user_without_permissions).get(url_of("page:list")))


def test_pages_have_no_inline_styles_or_scripts(pages, forbidden_page):
    for name, page in {**pages(), "403": forbidden_page}.items():
        outline = Outline(page)
        assert {"script", "style"} & {tag for tag, _attributes in outline.tags} == set(), name
        names = {key for _tag, attributes in outline.tags for key in attributes}
        assert {key for key in names if key == "style" or key.startswith("on")} == set(), name
        assert "javascript:" not in page, name
        sources = [
            attributes.get("src") or attributes.get("href") or ""
            for _tag, attributes in outline.tags
        ]
        assert [source for source in sources if re.match(r"\w+:|//", source)] == [], name


def test_pages_are_well_formed(pages, forbidden_page):
    for name, page in {**pages(), "403": forbidden_page}.items():
        outline = Outline(page)
        assert outline.problems == [], name
        ids = [attributes["id"] for _tag, attributes in outline.tags if "id" in attributes]
        assert len(ids) == len(set(ids)), name
        tags = [tag for tag, _attributes in outline.tags]
        assert tags.count("h1") == 1, name
        assert tags.count("main") == 1, name
        assert tags.count("title") == 1, name
        references = re.findall(r'(?:aria-labeledby|aria-describedby|for)="([^"]+)"', page)
        assert {one for value in references for one in value.split()} <= set(ids), name
        assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids), name


def test_form_controls_have_labels(pages):
    for name, page in pages().items():
        outline = Outline(page)
        labeled = {attributes.get("for") for tag, attributes in outline.tags if tag == "label"}
        controls = [
            attributes["id"]
            for tag, attributes in outline.tags
            if tag in {"input", "select", "textarea"} and attributes.get("type") != "hidden"
        ]
        assert set(controls) <= labeled, name


def test_pages_have_unique_titles(pages, forbidden_page):
    titles = [
        re.search(r"<title>(.*?)</title>", page, re.DOTALL)[1].strip() for page in pages().values()
    ]
    assert len(titles) == len(set(titles))
    assert all(title.endswith("– Help Desk") for title in titles)
    assert "<title>No access – Help Desk</title>" in forbidden_page


@pytest.fixture
def host_base(settings, tmp_path):
    """Set the base template of the pages: `host_base("... {% block help_desk %}")`."""

    def write(source):
        (tmp_path / "host_base.html").write_text(source)
        (engine,) = settings.TEMPLATES
        settings.TEMPLATES = [{**engine, "DIRS": [tmp_path]}]
        settings.HELP_DESK = {**settings.HELP_DESK, "BASE_TEMPLATE": "host_base.html"}

    return write


def test_base_template_needs_one_block_only(host_base, pages):
    host_base("<main>Intranet {% block help_desk %}{% endblock %}</main>")
    for name, page in pages().items():
        assert page.startswith("<main>Intranet"), name
        assert page.count("help_desk.css") == 1, name
        assert page.count('<nav aria-label="Help Desk">') == 1, name
        assert Outline(page).problems == [], name


def test_blocks_for_head_and_navigation_are_used_if_they_exist(host_base, pages):
    host_base(
        "<head><title>{% block title %}{% endblock %}</title>"
        "{% block help_desk_head %}{% endblock %}</head>"
        "<header>{% block help_desk_navigation %}{% endblock %}</header>"
        "<main>{% block help_desk %}{% endblock %}</main>"
    )
    for name, page in pages().items():
        head, rest = page.split("</head>")
        header, main = rest.split("</header>")
        assert "help_desk.css" in head, name
        assert "help_desk.css" not in rest, name
        assert '<nav aria-label="Help Desk">' in header, name
        assert '<nav aria-label="Help Desk">' not in main, name


def test_host_can_override_the_base_template(
    settings, tmp_path, client_of, user_without_permissions, url_of
):
    folder = tmp_path / "help_desk"
    folder.mkdir()
    (folder / "base.html").write_text("Ours: {% block help_desk %}{% endblock %}")
    (engine,) = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [tmp_path]}]
    assert html(client_of(user_without_permissions).get(url_of("page:inbox"))).startswith("Ours:")


def test_messages_shown_by_the_host_are_not_shown_again(
    host_base, client_of, reporter, url_of, ticket_data
):
    host_base(
        "{% for message in messages %}{{ message }}{% endfor %}{% block help_desk %}{% endblock %}"
    )
    page = html(client_of(reporter).post(url_of("form:create"), ticket_data, follow=True))
    assert page.count("created.") == 1
    assert "hd-messages" not in page


def test_pages_work_without_context_processors(settings, pages):
    (engine,) = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "OPTIONS": {}}]
    assert all("help_desk.css" in page for page in pages().values())


def test_pages_work_without_messages(settings, client_of, reporter, url_of, ticket_data):
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "messages" not in name]
    response = client_of(reporter).post(url_of("form:create"), ticket_data, follow=True)
    assert response.status_code == 200


def test_pages_work_with_login_required_middleware(settings, client, pages, url_of):
    settings.MIDDLEWARE = [
        *[name for name in settings.MIDDLEWARE if "LoginRequired" not in name],
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    url = url_of("page:list")
    assert client.get(url)["Location"] == f"{settings.LOGIN_URL}?next={url}"
    assert all("help_desk.css" in page for page in pages().values())


@pytest.mark.parametrize(("language", "direction"), [("de", "ltr"), ("ar", "rtl")])
def test_pages_declare_their_language(
    client_of, user_without_permissions, url_of, language, direction
):
    response = client_of(user_without_permissions).get(
        url_of("page:inbox"), headers={"accept-language": language}
    )
    assert f'<html lang="{language}" dir="{direction}">' in html(response)


@pytest.fixture
def viewer(request, user_without_permissions, grant):
    """A user with only these permissions."""
    return grant(user_without_permissions, *request.param)


CREATE, UPDATE, DELETE, LIST = "/form/create/", "/update/", "/delete/", "/page/list/"


@pytest.mark.parametrize(
    ("viewer", "shown"),
    [
        (["view"], []),
        (["view", "add"], [CREATE]),
        (["view", "change"], [UPDATE]),
        (["view", "delete"], [DELETE]),
        (["view", "add", "change", "delete"], [CREATE, UPDATE, DELETE]),
    ],
    ids=["view", "add", "change", "delete", "all"],
    indirect=["viewer"],
)
def test_links_are_shown_only_to_users_who_may_use_them(client_of, viewer, ticket, url_of, shown):
    client = client_of(viewer)
    page = html(client.get(url_of("page:detail", ticket)))
    assert [part for part in (CREATE, UPDATE, DELETE) if f'{part}"' in page] == shown
    assert (CREATE in html(client.get(url_of("page:list")))) == (CREATE in shown)


def test_user_without_permissions_sees_no_links(client_of, user_without_permissions, url_of):
    page = html(client_of(user_without_permissions).get(url_of("page:inbox")))
    assert not any(part in page for part in (CREATE, UPDATE, DELETE, LIST))
