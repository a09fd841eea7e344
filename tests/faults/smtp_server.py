"""An SMTP server that fails at random, and records the messages that it accepted.

It runs in its own process: `python -m tests.faults.smtp_server SEED`. It writes its port to the
file `smtp_port`, and each accepted message and each fault to the journal. As soon as a file `calm`
exists, it causes no more faults.
"""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import random
import re
import sys
import uuid
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP

from tests.faults import journal

TOKEN = re.compile(r"\b[TC][0-9a-f]{32}\b")

SLOW = 7.0
"""Seconds; longer than a lease, and shorter than the client's timeout."""
SILENT = 11.0
"""Seconds; longer than the client's timeout."""
REFUSE = 0.3
"""Seconds for which no connection is accepted."""

FAULTS = {
    "refused connections": 0.3,
    "disconnected on connect": 2,
    "421 at MAIL": 2,
    "451 at RCPT": 4,
    "550 at RCPT": 1,
    "disconnected in DATA": 4,
    "452 after DATA": 4,
    "550 after DATA": 1,
    "delayed": 3,
    "accepted and disconnected": 3,
    "slow, then accepted": 0.4,
    "slow, then 451": 0.6,
    "slow, then 550": 0.2,
    "slow, then disconnected": 0.6,
    "no reply": 0.1,
}
"""Fault to relative frequency."""

PROBABILITY = 0.45
"""The probability of a fault per message."""


class Faults:
    """The choice of faults."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.server = Server()

    def next(self) -> str:
        """Choose the fault of the next message; empty for none."""
        is_calm = (journal.directory() / "calm").exists()
        if is_calm or self.random.random() >= PROBABILITY:
            return ""
        return self.random.choices(list(FAULTS), list(FAULTS.values()))[0]


class Server:
    """The listening socket."""

    async def start(self, factory: Any) -> None:
        self.factory = factory
        self.port = 0
        await self._listen()
        path = journal.directory() / "smtp_port"
        path.with_suffix(".new").write_text(str(self.port))
        path.with_suffix(".new").rename(path)

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(
            self.factory, "127.0.0.1", self.port, reuse_address=True
        )
        self.port = self.server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Accept no connections for a while; those that exist stay open."""
        if self.server.is_serving():
            self.server.close()
            await asyncio.sleep(REFUSE)
            await self._listen()


class FaultySMTP(SMTP):
    """One connection."""

    def __init__(self, faults: Faults, **kwargs: Any) -> None:
        super().__init__(handler=Handler(faults), hostname="localhost", **kwargs)
        self.faults = faults
        self.fault = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.fault = self.faults.next()
        if self.fault == "disconnected on connect":
            self.record_fault()
            self.transport.abort()
        elif self.fault == "refused connections":
            self.record_fault()
            self.refusal = asyncio.ensure_future(self.faults.server.refuse())
            self.transport.abort()

    async def smtp_MAIL(self, arg: str) -> None:
        if self.fault == "421 at MAIL":
            self.record_fault()
            await self.push("421 4.3.2 shutting down")
            self.transport.close()
            return
        await super().smtp_MAIL(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if self.fault == "disconnected in DATA":
            self.record_fault()
            await self.push("354 start mail input")
            self.transport.abort()
            return
        await super().smtp_DATA(arg)

    def record_fault(self, **details: Any) -> None:
        journal.fault(f"SMTP: {self.fault}", **details)
        self.fault = ""


class Handler:
    """The hooks that aiosmtpd calls at each step."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults

    async def handle_RCPT(
        self, server: FaultySMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if server.fault == "451 at RCPT":
            server.record_fault()
            server.fault = self.faults.next()
            return "451 rejected"
        if server.fault == "550 at RCPT":
            reply = _permanent_rejection(server, address)
            server.fault = self.faults.next()
            return reply
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: FaultySMTP, session: Any, envelope: Any) -> str:
        fault = server.fault
        if fault in {"550 after DATA", "slow, then 550"}:
            reply = _permanent_rejection(server, envelope.rcpt_tos[0])
            server.fault = self.faults.next()
            await asyncio.sleep(SLOW if "slow" in fault else 0)
            return reply
        if fault:
            server.record_fault()
        server.fault = self.faults.next()
        if fault == "452 after DATA":
            return "452 4.3.1 insufficient storage"
        if fault.startswith("slow"):
            return await self._reply_slowly(server, envelope, fault)
        if fault == "no reply":
            await asyncio.sleep(SILENT)
            return "451 too late"
        if fault == "delayed":
            await asyncio.sleep(0.2)
        is_confirmed = fault != "accepted and disconnected"
        _accept(envelope, is_confirmed=is_confirmed)
        if not is_confirmed:
            server.transport.abort()
        return "250 accepted"

    async def _reply_slowly(self, server: FaultySMTP, envelope: Any, fault: str) -> str:
        await asyncio.sleep(SLOW)
        if fault == "slow, then 451":
            return "451 try again"
        if fault == "slow, then disconnected":
            server.transport.abort()
            return "451 disconnected"
        _accept(envelope, is_confirmed=True)
        return "250 accepted"


def _permanent_rejection(server: FaultySMTP, address: str) -> str:
    """Return a reply that a failed row must quote."""
    mark = f"R{uuid.uuid4().hex}"
    server.record_fault(mark=mark, address=address)
    return f"550 5.7.1 rejected {mark}"


def _accept(envelope: Any, *, is_confirmed: bool) -> None:
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    part = message.get_body(("plain",)) if isinstance(message, EmailMessage) else None
    text = "" if part is None else part.get_content()
    journal.write(
        "accepted",
        id=message["X-Help-Desk-Attempt"],
        to=envelope.rcpt_tos,
        tokens=sorted(set(TOKEN.findall(text))),
        is_confirmed=is_confirmed,
    )


async def serve(seed: int) -> None:
    """Serve until the process is terminated."""
    faults = Faults(seed)
    await faults.server.start(lambda: FaultySMTP(faults))
    await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(serve(int(sys.argv[1])))
