"""An SMTP server that fails at random, and logs the messages that it accepted.

It runs in its own process: `python -m tests.faults.smtp_server DIRECTORY SEED`. It writes its
port to the file `port`, and each accepted message and each fault as a line of JSON to
`journal`. As soon as a file `calm` exists, it causes no more faults.
"""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import json
import random
import re
import sys
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

TOKEN = re.compile(r"\b[TC][0-9a-f]{32}\b")

FAULTS = {
    "disconnect on connect": 2,
    "421 at MAIL": 2,
    "451 at RCPT": 4,
    "550 at RCPT": 1,
    "disconnect in DATA": 4,
    "452 after DATA": 4,
    "delay": 3,
    "accept and disconnect": 3,
}
"""Fault to relative frequency."""

PROBABILITY = 0.35
"""The probability of a fault per message."""


class Journal:
    """The accepted messages and the faults, in a file that outlives the process."""

    def __init__(self, directory: Path, seed: int) -> None:
        self.directory = directory
        self.random = random.Random(seed)
        self.file = (directory / "journal").open("a", buffering=1)

    def write(self, **entry: Any) -> None:
        self.file.write(json.dumps(entry) + "\n")

    def next_fault(self) -> str:
        """Choose the fault of the next message; empty for none."""
        is_calm = (self.directory / "calm").exists()
        if is_calm or self.random.random() >= PROBABILITY:
            return ""
        return self.random.choices(list(FAULTS), list(FAULTS.values()))[0]


class FaultySMTP(SMTP):
    """One connection."""

    def __init__(self, journal: Journal, **kwargs: Any) -> None:
        super().__init__(handler=Handler(journal), hostname="localhost", **kwargs)
        self.journal = journal
        self.fault = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.fault = self.journal.next_fault()
        if self.fault == "disconnect on connect":
            self._record_fault()
            self.transport.abort()

    async def smtp_MAIL(self, arg: str) -> None:
        if self.fault == "421 at MAIL":
            self._record_fault()
            await self.push("421 4.3.2 shutting down")
            self.transport.close()
            return
        await super().smtp_MAIL(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if self.fault == "disconnect in DATA":
            self._record_fault()
            await self.push("354 start mail input")
            self.transport.abort()
            return
        await super().smtp_DATA(arg)

    def _record_fault(self) -> None:
        self.journal.write(fault=self.fault)
        self.fault = ""


class Handler:
    """The hooks that aiosmtpd calls at each step."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    async def handle_RCPT(
        self, server: FaultySMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if server.fault in {"451 at RCPT", "550 at RCPT"}:
            fault = server.fault
            server._record_fault()
            server.fault = self.journal.next_fault()
            return f"{fault[:3]} rejected"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: FaultySMTP, session: Any, envelope: Any) -> str:
        fault, server.fault = server.fault, self.journal.next_fault()
        if fault:
            self.journal.write(fault=fault)
        if fault == "452 after DATA":
            return "452 4.3.1 insufficient storage"
        if fault == "delay":
            await asyncio.sleep(0.2)
        is_unconfirmed = fault == "accept and disconnect"
        self._accept(envelope, is_unconfirmed=is_unconfirmed)
        if is_unconfirmed:
            server.transport.abort()
        return "250 accepted"

    def _accept(self, envelope: Any, *, is_unconfirmed: bool) -> None:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        part = message.get_body(("plain",))
        text = "" if part is None else part.get_content()
        self.journal.write(
            to=envelope.rcpt_tos,
            id=message["Message-ID"],
            tokens=sorted(set(TOKEN.findall(text))),
            is_unconfirmed=is_unconfirmed,
        )


async def serve(directory: Path, seed: int) -> None:
    journal = Journal(directory, seed)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: FaultySMTP(journal), "127.0.0.1", 0)
    port = directory / "port"
    port.with_suffix(".new").write_text(str(server.sockets[0].getsockname()[1]))
    port.with_suffix(".new").rename(port)
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
