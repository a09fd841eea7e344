"""One run: users, deliveries and faults at once, then the checks."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from tests.faults import journal
from tests.faults.actions import FOLLOWERS, Client, Post, Tickets
from tests.faults.browser import Browser, Response
from tests.faults.people import create_people
from tests.faults.site import Site

WRITERS = ("sam", "mona", "rosa", "ruth", "igor", "ida", "ivan", "iris", "nils")
MAX_WAIT = 120
"""Seconds to wait at the end for rows that are still waiting."""
MAX_SECONDS = 1800
"""Until a run ends, whatever the number of faults."""
SWEPT = ("create", "reply", "add_note", "change_status", "assign", "update", "delete", "restore")
"""Actions of which every statement fails once."""


@dataclass
class Result:
    """The results of a run.

    Attributes:
        faults: Kind of fault to the number of times it happened.
        counts: What happened, to the number of times.
        problems: Name of a check to what it found.
        seconds: How long the run took.
    """

    faults: Counter[str] = field(default_factory=Counter)
    counts: dict[str, int] = field(default_factory=dict)
    problems: dict[str, list[str]] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def total(self) -> int:
        """The number of faults."""
        return sum(self.faults.values())

    @property
    def failed_checks(self) -> list[str]:
        """The checks that found something."""
        return [name for name, problems in self.problems.items() if problems]


class Run:
    """What all users of one run share."""

    def __init__(self, site: Site, seed: int) -> None:
        self.site = site
        self.seed = seed
        self.random = random.Random(seed)
        self.reader = journal.Reader()
        self.tickets = Tickets()
        self.posts: list[Post] = []
        self.responses: list[Response] = []
        self.ids = create_people()
        self.is_over = threading.Event()
        self.errors: list[str] = []
        self.threads: list[threading.Thread] = []

    def sign_in(self, names: Iterable[str]) -> None:
        """Sign users in; each acts in a thread of its own."""
        self.subscribers = {name: self._browser(name) for name in FOLLOWERS}
        self.clients = [
            Client(
                self._browser(name),
                self.tickets,
                self.posts,
                self.subscribers,
                random.Random(f"{self.seed} {name}"),
            )
            for name in names
        ]

    def _browser(self, name: str) -> Browser:
        browser = Browser(name, self.site.web_port, self.responses)
        if not browser.sign_in():
            message = f"{name} could not sign in: {self.responses[-1]}"
            raise RuntimeError(message)
        return browser

    def start(self, action: Callable[[], object]) -> None:
        """Repeat an action in a thread until the run is over."""

        def repeat() -> None:
            from django.db import connections  # noqa: PLC0415 -- needs the settings

            try:
                while not self.is_over.is_set():
                    action()
            except Exception as error:  # noqa: BLE001 -- a problem of the run
                self.errors.append(f"{action}: {type(error).__name__}: {error}")
                self.is_over.set()
            finally:
                connections.close_all()

        thread = threading.Thread(target=repeat)
        thread.start()
        self.threads.append(thread)

    def join(self) -> None:
        """End the threads."""
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def count_faults(self) -> Counter[str]:
        """Count the faults so far by kind."""
        return Counter(entry["name"] for entry in self.reader.read() if entry["kind"] == "fault")


class Sweep:
    """A user who first lets every statement of each action fail once, one after the other."""

    def __init__(self, client: Client, *, has_steps: bool) -> None:
        self.client = client
        self.steps = self._steps() if has_steps else iter(())
        self.is_complete = False

    def act(self) -> None:
        """Do the next step; afterwards, what the other users do."""
        if next(self.steps, None) is None:
            self.is_complete = True
            self.client.act()

    def _steps(self) -> Iterator[Response]:
        for name in SWEPT:
            number = 1
            while True:
                response = getattr(self.client, name)(f"failed:{number}")
                if response is None:
                    response = self.client.create("")  # there was nothing to change
                elif response.has_fault_fired:
                    number += 1
                elif response.is_saved:
                    break  # it has no more statements
                yield response


def cause_faults(site: Site, seed: int, faults: int, *, has_sweep: bool = True) -> Result:
    """Cause at least this many faults, wait until nothing is due, and check everything."""
    from django.db import connections  # noqa: PLC0415 -- needs the settings

    from tests.faults.checks import check  # noqa: PLC0415

    start = time.monotonic()
    site.start_web(workers=2, threads=6)
    run = Run(site, seed)
    connections.close_all()  # or this one would be cut, too
    run.sign_in(WRITERS)
    deliveries = site.start("tests.faults.deliveries", str(seed))
    sweep = Sweep(run.clients[0], has_steps=has_sweep)
    try:
        for client in run.clients:
            client.fault_probability = 0.2
            client.faults = ("failed", "failed", "cut or locked", "killed")
            run.start(sweep.act if client is sweep.client else client.act)
        run.start(lambda: cut_connections(run))
        while not run.is_over.wait(0.5) and time.monotonic() < start + MAX_SECONDS:
            if sweep.is_complete and run.count_faults().total() >= faults:
                break
    finally:
        run.join()
    site.stop(site.web)
    (site.folder / "calm").touch()
    (site.folder / "stop").touch()
    deliveries.wait(60)
    deliver_the_rest()
    result = check(run)
    result.seconds = time.monotonic() - start
    return result


def cut_connections(run: Run, requests: int = 10) -> None:
    """Cut a connection after about this many requests."""
    from tests.faults.statements import cut_a_connection  # noqa: PLC0415 -- needs the settings

    target = len(run.responses) + run.random.randint(1, 2 * requests)
    while len(run.responses) < target:
        if run.is_over.wait(0.05):
            return
    cut_a_connection()


def deliver_the_rest() -> None:
    """Deliver until nothing is waiting, digests too."""
    from django.utils import timezone  # noqa: PLC0415 -- needs the settings

    from help_desk.delivery import runner  # noqa: PLC0415
    from help_desk.models import Notification  # noqa: PLC0415
    from tests.faults.channel import State  # noqa: PLC0415

    State.run = "the last one"
    end = time.monotonic() + MAX_WAIT
    waiting = Notification.objects.filter(status="wait")
    while waiting.exists() and time.monotonic() < end:
        waiting.filter(lease=None).write(due_datetime=timezone.now())
        runner.deliver()
        time.sleep(0.1)
