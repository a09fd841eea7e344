"""`python -m tests.load`: twenty users, delivery that is killed, and what became of all posts."""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
from collections import defaultdict
from statistics import quantiles
from typing import TYPE_CHECKING

from tests.faults.people import PEOPLE
from tests.faults.site import end_children_on_sigterm, site

if TYPE_CHECKING:
    import subprocess

    from tests.faults.actions import Client
    from tests.faults.browser import Response
    from tests.faults.harness import Run
    from tests.faults.site import Site

DELIVERIES = 2
"""Processes of the command at once."""
WITHOUT_WORK = ("ada", "max", "ines", "zoe")
"""Users who do not use the site."""
USERS = [name for name in PEOPLE if name not in WITHOUT_WORK]


class Deliveries:
    """Processes of the delivery command, replaced when they were killed or stopped."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.processes = [self._start() for _ in range(DELIVERIES)]

    def _start(self) -> subprocess.Popen[bytes]:
        return self.run.site.start("django", "help_desk_deliver", "--loop", "--interval", "0.2")

    def replace_one(self) -> None:
        """Kill or stop a process after a while, and start another one."""
        choice = self.run.random
        if self.run.is_over.wait(choice.uniform(2, 5)):
            return
        process = self.processes.pop(0)
        self._end(process, choice.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM]))
        self.processes.append(self._start())

    def stop(self) -> None:
        """Stop all."""
        for process in self.processes:
            self._end(process, signal.SIGTERM)

    def _end(self, process: subprocess.Popen[bytes], number: int) -> None:
        from tests.faults import journal  # noqa: PLC0415 -- needs the settings

        name = f"process {process.pid}"
        is_killed = number == signal.SIGKILL
        journal.fault("delivery killed" if is_killed else "delivery stopped", run=name)
        process.send_signal(number)
        journal.write("ended", run=name, code=process.wait(30))


def put_load(found: Site, seed: int, seconds: float) -> bool:
    """Let the users work for some time, check everything; return whether nothing was found."""
    from django.db import connections  # noqa: PLC0415 -- needs the settings

    from tests.faults.checks import check  # noqa: PLC0415
    from tests.faults.harness import Run, cut_connections, deliver_the_rest  # noqa: PLC0415
    from tests.faults.report import print_result  # noqa: PLC0415

    found.start_web(workers=2, threads=10)
    run = Run(found, seed)
    connections.close_all()
    run.sign_in(USERS)
    deliveries = Deliveries(run)
    run.responses.clear()
    start = time.monotonic()
    try:
        for client in run.clients:
            add_reading(client)
            run.start(client.act)
        run.start(deliveries.replace_one)
        run.start(lambda: cut_connections(run, requests=200))
        run.is_over.wait(seconds)
    finally:
        run.join()
    duration = time.monotonic() - start
    found.stop(found.web)
    (found.folder / "calm").touch()
    deliveries.stop()
    deliver_the_rest()
    result = check(run)
    result.seconds = time.monotonic() - start
    print_routes(run.responses, duration)
    print_result(result, seed, found)
    return not result.failed_checks


def add_reading(client: Client) -> None:
    """Let a user read more than they write, and sign in again from time to time."""

    def sign_in_again() -> None:
        # Until it works: a request that fails may have ended the session.
        if not any(client.browser.sign_in() for _ in range(10)):
            message = f"{client.browser.name} could not sign in."
            raise RuntimeError(message)

    client.actions[sign_in_again] = 2
    if client.read in client.actions:
        client.actions[client.read] = 40


def print_routes(responses: list[Response], seconds: float) -> None:
    """Print the rate and the latencies of each route."""
    times, errors = defaultdict(list), defaultdict(int)
    for response in responses:
        for route in (response.route, "all"):
            if response.status is not None:
                times[route].append((response.end - response.start) * 1000)
            errors[route] += response.status is None or response.status >= 500
    names = ("per s", "p50 ms", "p95 ms", "max ms", "failed")
    print(f"{'route':<16}{'requests':>9}" + "".join(f"{name:>8}" for name in names))
    for route in sorted(times, key=lambda name: (name == "all", name)):
        values = times[route]
        cuts = quantiles(values, n=20, method="inclusive") if len(values) > 1 else values * 19
        print(
            f"{route:<16}{len(values):>9,}{len(values) / seconds:>8.1f}{cuts[9]:>8.0f}"
            f"{cuts[18]:>8.0f}{max(values):>8.0f}{errors[route]:>8}"
        )


def main() -> int:
    """Run with the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long the users work")
    parser.add_argument("--seed", type=int, default=None, help="repeats the choices of a run")
    parser.add_argument(
        "--sqlite",
        choices=["immediate", "wal", "default"],
        default="immediate",
        help="the settings of SQLite; `default` is what a new project has",
    )
    arguments = parser.parse_args()
    end_children_on_sigterm()
    os.environ["HELP_DESK_FAULTS_SQLITE"] = arguments.sqlite
    seed = random.randrange(10**6) if arguments.seed is None else arguments.seed
    with site(seed) as found:
        return 0 if put_load(found, seed, arguments.seconds) else 1


if __name__ == "__main__":
    sys.exit(main())
