"""Ending a command cleanly when it is told to."""

from __future__ import annotations

import contextlib
import queue
import signal
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopSignal:
    """Set by the first SIGTERM or SIGINT in its `with` block; the second acts as ever.

    It is waited for on a queue, since a handler that interrupts `threading.Event.wait`
    could wait for the event's own lock for ever; `SimpleQueue.put` is safe there.
    """

    def __init__(self) -> None:
        """Make one that is not set."""
        self._is_set = False
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            # Python lets only this thread have handlers.
            self._before = {number: signal.signal(number, self._handle) for number in SIGNALS}
        return self

    def __exit__(self, *error: object) -> None:
        self._restore()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._restore()
        self.set()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._before = {}

    def set(self) -> None:
        """Ask for the end."""
        self._is_set = True
        self._bell.put(None)

    def is_set(self) -> bool:
        """Whether the end was asked for."""
        return self._is_set

    def wait(self, seconds: float) -> None:
        """Wait, but no longer than until the end is asked for.

        Args:
            seconds: How long.
        """
        with contextlib.suppress(queue.Empty):
            self._bell.get(timeout=seconds)
