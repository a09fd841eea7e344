"""What the time of a page is spent on.

The functions below are wrapped by timers. A part's time leaves out the parts inside of it,
except that `LEAVES` keep them: a permission check includes its queries.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from functools import wraps
from time import process_time
from typing import TYPE_CHECKING, Any
from unittest import mock

from django.contrib.auth.models import PermissionsMixin
from django.db.models import QuerySet
from django.forms.forms import BaseForm
from django.template.base import Template
from measure import print_table

from help_desk.auth import policy
from help_desk.views import page_views, ticket_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REST = "middleware, session, view"
FETCH = "queries and instances"
PARTS = {
    "has_perm": [(PermissionsMixin, "has_perm")],
    "unread count": [(policy, "unread_ticket_ids")],
    "creating forms": [(BaseForm, "__init__")],
    "rows": [(page_views, "ticket_rows")],
    "timeline": [(ticket_page, "build_timeline")],
    FETCH: [(QuerySet, name) for name in ("_fetch_all", "count", "exists")],
    # Includes and base templates are rendered by the same method.
    "template": [(Template, "_render")],
}
LEAVES = ("has_perm", "unread count", "creating forms", FETCH)


class _Clock:
    """Adds up the CPU time of the innermost part that is running."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.parts = [REST]
        self.in_leaf = False
        self.since = process_time()

    def lap(self) -> None:
        now = process_time()
        self.seconds[self.parts[-1]] += now - self.since
        self.since = now

    @contextmanager
    def part(self, name: str, *, is_leaf: bool) -> Iterator[None]:
        if self.in_leaf:
            yield
            return
        self.lap()
        self.parts.append(name)
        self.in_leaf = is_leaf
        try:
            yield
        finally:
            self.lap()
            self.parts.pop()
            self.in_leaf = False


def _timed(clock: _Clock, function: Any, name: str) -> Any:
    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        part = _template_part(args[0].name or "") if name == "template" else name
        with clock.part(part, is_leaf=name in LEAVES):
            return function(*args, **kwargs)

    return run


def _template_part(name: str) -> str:
    return "templates of widgets" if name.startswith("django/forms/") else f"template {name}"


def print_shares(page: str, run: Callable[[], object], *, rounds: int) -> None:
    """Print the median CPU time of each part of a page, the largest first."""
    taken: dict[str, list[float]] = defaultdict(list)
    targets = [(*target, name) for name, part in PARTS.items() for target in part]
    clock = _Clock()
    with ExitStack() as stack:
        for owner, attribute, name in targets:
            wrapped = _timed(clock, getattr(owner, attribute), name)
            stack.enter_context(mock.patch.object(owner, attribute, wrapped))
        for _ in range(rounds):
            clock.start()
            run()
            clock.lap()
            for name, seconds in clock.seconds.items():
                taken[name].append(seconds)
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    total = sum(medians.values())
    rows = [
        [name, f"{seconds * 1000:.2f}", f"{seconds / total:.0%}"]
        for name, seconds in sorted(medians.items(), key=lambda item: -item[1])
        if seconds / total >= 0.005
    ]
    print_table((f"{page}: part", "CPU, ms", "share"), rows)
    print()
