"""Stopping a command with a signal."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stop_requested() -> Iterator[Callable[[], bool]]:
    """Yield a function that returns whether SIGTERM or SIGINT arrived within the block.

    Only the first signal is caught; the next one interrupts as usual.
    """
    received: list[int] = []

    def handle(number: int, frame: object) -> None:  # noqa: ARG001 -- as `signal` calls it
        received.append(number)
        restore()

    def restore() -> None:
        for number, handler in previous.items():
            signal.signal(number, handler)

    # Python allows handlers in the main thread only.
    is_main = threading.current_thread() is threading.main_thread()
    previous = {number: signal.signal(number, handle) for number in SIGNALS if is_main}
    try:
        yield lambda: bool(received)
    finally:
        restore()
