"""Running the blocks of one page in order."""

from __future__ import annotations

import doctest
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core import checks
from django.template import engines
from django.test import RequestFactory, override_settings
from django.urls import clear_url_caches, reverse

from help_desk import signals
from tests.docs.blocks import ROOT

if TYPE_CHECKING:
    from contextlib import ExitStack

    from django.dispatch import Signal
    from django.test import Client

    from help_desk.models import HelpDeskTicket
    from tests.docs.blocks import Block

TEMPLATE_LANGUAGES = frozenset({"html+django"})


def needs_a_fresh_project(block: Block) -> bool:
    """Whether a block changes settings that Django reads only at its start."""
    return block.file == "settings.py" and (
        "INSTALLED_APPS" in block.code or "DATABASES" in block.code
    )


class Session:
    """A host whose settings, URLs, modules and templates the blocks change."""

    def __init__(
        self, *, stack: ExitStack, ticket: HelpDeskTicket, user: Any, client: Client
    ) -> None:
        """Prepare the variables of the blocks: `client`, `request`, `ticket` and `user`.

        Args:
            stack: Undoes everything at the end.
            ticket: A ticket.
            user: A user with every permission on tickets.
            client: A test client that is signed in as this user.
        """
        self.stack = stack
        self.client = client
        self.ticket = ticket
        request = RequestFactory().get("/")
        request.user = user
        request.session = client.session
        request._messages = FallbackStorage(request)
        self.namespace: dict[str, Any] = {
            "__name__": "reader",
            "client": client,
            "request": request,
            "ticket": ticket,
            "user": user,
        }
        self.templates: dict[str, str] = {}
        stack.callback(clear_url_caches)
        # A receiver stays connected until it is garbage collected, and would print its output into
        # the examples of the next page.
        for signal in (signals.ticket_created, signals.ticket_changed, signals.ticket_commented):
            stack.callback(_reset_receivers, signal, list(signal.receivers))

    def run(self, block: Block) -> None:
        """Run a block according to its language and file."""
        if block.language == "python":
            self._run_python(block)
        elif block.language == "pycon":
            self._compare(block)
        elif block.language in TEMPLATE_LANGUAGES:
            self._run_template(block)

    def _run_python(self, block: Block) -> None:
        if block.file is None:
            exec(block.compiled(), self.namespace)
        elif needs_a_fresh_project(block):
            pass  # test_settings_work_in_a_fresh_project tests it
        elif block.file == "settings.py":
            self._use_settings(block)
        elif block.file == "urls.py":
            self._use_urls(block)
        else:
            name = block.file.removesuffix(".py").replace("/", ".")
            exec(block.compiled(), vars(self._module(name)))

    def _compare(self, block: Block) -> None:
        example = doctest.DocTestParser().get_doctest(
            block.code, self.namespace, str(block), str(block.page), block.line - 1
        )
        lines: list[str] = []
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        runner.run(example, out=lines.append, clear_globs=False)
        self.namespace.update(example.globs)
        if runner.failures:
            pytest.fail("".join(lines))

    def _use_settings(self, block: Block) -> None:
        values = {"BASE_DIR": ROOT, "__name__": "reader"}
        exec(block.compiled(), values)
        changed = {name: value for name, value in values.items() if name.isupper()}
        del changed["BASE_DIR"]
        self.stack.enter_context(override_settings(**changed))
        clear_url_caches()
        messages = [
            message for message in checks.run_checks() if str(message.id).startswith("help_desk")
        ]
        assert messages == [], block

    def _use_urls(self, block: Block) -> None:
        from tests import urls  # noqa: PLC0415 -- needs the settings of the test

        module = self._module("reader_urls")
        exec(block.compiled(), vars(module))
        # `...` stands for the existing URL patterns.
        existing = [pattern for pattern in urls.urlpatterns if str(pattern.pattern)]
        module.urlpatterns = [
            pattern
            for item in module.urlpatterns
            for pattern in (existing if item is ... else [item])
        ]
        self.stack.enter_context(override_settings(ROOT_URLCONF=module.__name__))
        assert reverse("django_spire:help_desk:page:list")

    def _module(self, name: str) -> ModuleType:
        parent, _dot, child = name.rpartition(".")
        module = ModuleType(name)
        if parent:
            package = sys.modules.get(parent) or self._module(parent)
            package.__path__ = []
            setattr(package, child, module)
        sys.modules[name] = module
        self.stack.callback(sys.modules.pop, name, None)
        return module

    def _run_template(self, block: Block) -> None:
        if block.file is None:
            template = engines["django"].from_string(block.code)
            template.render({"ticket": self.ticket}, self.namespace["request"])
            return
        _place, folder, name = block.file.partition("templates/")
        assert folder, f"{block}: the file must have the form templates/..."
        self._override_template(name, block.code)
        self._get_every_page()

    def _override_template(self, name: str, code: str) -> None:
        if not self.templates:
            (engine,) = settings.TEMPLATES
            loaders = [
                ("django.template.loaders.locmem.Loader", self.templates),
                "django.template.loaders.app_directories.Loader",
            ]
            options = {**engine.get("OPTIONS", {}), "loaders": loaders}
            changed = {**engine, "APP_DIRS": False, "OPTIONS": options}
            self.stack.enter_context(override_settings(TEMPLATES=[changed]))
        self.templates[name] = code

    def _get_every_page(self) -> None:
        pk = [self.ticket.pk]
        paths = [
            reverse("django_spire:help_desk:page:list"),
            reverse("django_spire:help_desk:page:inbox"),
            reverse("django_spire:help_desk:page:preferences"),
            reverse("django_spire:help_desk:page:detail", args=pk),
            reverse("django_spire:help_desk:page:delete", args=pk),
            reverse("django_spire:help_desk:form:create"),
            reverse("django_spire:help_desk:form:update", args=pk),
            reverse("django_spire:help_desk:form:assign", args=pk),
        ]
        for path in paths:
            assert self.client.get(path).status_code == 200, path


def _reset_receivers(signal: Signal, receivers: list[Any]) -> None:
    with signal.lock:
        signal.receivers = receivers
        signal.sender_receivers_cache.clear()
