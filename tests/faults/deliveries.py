"""Delivery runs: several at once, some of them killed, stopped or disturbed.

It runs in its own process: `python -m tests.faults.deliveries SEED`. It has one thread, so it can
fork a child for each run. As soon as a file `stop` exists, it starts no more runs and ends.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import uuid
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from tests.faults import journal

SLOTS = 6
"""Runs at once."""
DATABASE_ERROR = 3
"""The exit code of a run that ended because the database failed again and again."""
MAX_SECONDS = 4.0
"""Until a run is stopped."""


@dataclass
class Child:
    """A process with one delivery run."""

    run: str
    signals: list[tuple[float, int, str]]
    """When to send which signal, and the name of the fault; empty if it is none."""


class Supervisor:
    """Starts runs until it is stopped."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.children: dict[int, Child] = {}
        self.next_statement = 1
        """Every statement of a run is disturbed once, one after the other, then at random."""

    def run(self) -> None:
        """Start runs, and end them all whatever happens."""
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        parent, stop = os.getppid(), journal.directory() / "stop"
        try:
            while not stop.exists() and os.getppid() == parent:
                self._start_some()
                self._send_signals()
                self._reap()
                time.sleep(0.02)
            self._wait(MAX_SECONDS + 10)
        finally:
            for process in self.children:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            self._wait(10)

    def _start_some(self) -> None:
        free = SLOTS - len(self.children)
        if free >= 2 and self.random.random() < 0.5:
            # At the same moment, so that they compete for the same rows.
            for is_of_event in self.random.choice([(False, False), (True, False), (True, True)]):
                self._start(is_of_event=is_of_event)
        elif free:
            self._start(is_of_event=self.random.random() < 0.2)

    def _start(self, *, is_of_event: bool) -> None:
        run = uuid.uuid4().hex[:12]
        chance = self.random.random()
        fault, statement, kill_probability = "", 0, 0.0
        if chance < 0.4:
            fault = self.random.choice(["failed", "cut or locked", "killed"])
            statement = self._choose_statement()
        elif chance < 0.5:
            kill_probability = 0.2
        is_slow = self.random.random() < 0.5
        # Until the child has its own handler, or it would end the supervisor's children.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        process = os.fork()
        if process == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        if process == 0:
            Run(run, fault, statement, kill_probability).run(
                is_of_event=is_of_event, is_slow=is_slow
            )
        now = time.monotonic()
        signals = [(now + MAX_SECONDS, signal.SIGTERM, "")]
        chance = self.random.random()
        if chance < 0.15:
            signals.append((now + self.random.random(), signal.SIGKILL, "delivery killed"))
        elif chance < 0.25:
            signals.append((now + self.random.random(), signal.SIGTERM, "delivery stopped"))
        self.children[process] = Child(run, sorted(signals))

    def _choose_statement(self) -> int:
        if self.next_statement < 30:
            self.next_statement += 1
            return self.next_statement - 1
        return self.random.randint(1, 40)

    def _send_signals(self) -> None:
        now = time.monotonic()
        for process, child in self.children.items():
            while child.signals and child.signals[0][0] <= now:
                _, number, name = child.signals.pop(0)
                if name:
                    journal.fault(name, run=child.run)
                os.kill(process, number)  # a zombie until it is reaped, so the ID is still its own

    def _reap(self) -> None:
        for process in list(self.children):
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                child = self.children.pop(process)
                journal.write("ended", run=child.run, code=os.waitstatus_to_exitcode(status))

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self.children and time.monotonic() < end:
            self._send_signals()
            self._reap()
            time.sleep(0.02)


class Run:
    """One delivery run, in a child process."""

    def __init__(self, run: str, fault: str, statement: int, kill_probability: float) -> None:
        from tests.faults.channel import State  # noqa: PLC0415 -- needs the settings
        from tests.faults.statements import Disturbance  # noqa: PLC0415

        State.run = run
        State.kill_probability = kill_probability
        random.seed(run)
        self.disturbance = Disturbance(fault, statement, run=run)

    def run(self, *, is_of_event: bool, is_slow: bool) -> None:
        """Deliver, and end the process; it never returns to the supervisor's loop."""
        code = 70
        try:
            code = self._deliver(is_of_event=is_of_event, is_slow=is_slow)
        except BaseException as error:  # noqa: BLE001 -- reported
            journal.write("crashed", run=uuid.uuid4().hex, error=f"{type(error).__name__}: {error}")
        finally:
            os._exit(code)

    def _deliver(self, *, is_of_event: bool, is_slow: bool) -> int:
        from django.core.management import CommandError, call_command  # noqa: PLC0415
        from django.db import Error  # noqa: PLC0415

        from help_desk.delivery import runner  # noqa: PLC0415
        from tests.faults.statements import slow_statements  # noqa: PLC0415

        with ExitStack() as stack:
            if is_slow:
                stack.enter_context(slow_statements(0.05))
            try:
                event_id = _newest_event() if is_of_event else None
                stack.enter_context(self.disturbance.active())
                if event_id is None:
                    devnull = stack.enter_context(open(os.devnull, "w"))  # noqa: PTH123
                    call_command("help_desk_deliver", stdout=devnull)
                else:
                    runner.deliver_after_commit(event_id=event_id, using="default")
            except (CommandError, Error):
                return DATABASE_ERROR
        return 0


def _newest_event() -> int | None:
    """Return the newest event with email to send, as after its commit."""
    from help_desk.models import Notification  # noqa: PLC0415

    rows = Notification.objects.filter(channel="email", status="wait", lease=None)
    return rows.order_by("-event_id").values_list("event_id", flat=True).first()


if __name__ == "__main__":
    import django

    django.setup()
    from tests.faults import channel  # noqa: F401 -- so that children need not import it

    Supervisor(int(sys.argv[1])).run()
