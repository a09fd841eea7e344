"""All checks of a run, after the last delivery."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.faults.browser import Response
from tests.faults.harness import Result, Run
from tests.faults.history import load, replay
from tests.faults.messages import MessageChecks
from tests.faults.posts import PostChecks
from tests.faults.recipients import Oracle


def check(run: Run) -> Result:
    """Check everything, and count what happened."""
    entries = run.reader.read()
    tickets = load()
    history = list(replay(tickets))
    oracle = Oracle(run.ids, run.tickets.subscriptions)
    messages = MessageChecks(tickets, entries, oracle)
    expected = oracle.expected(tickets)
    answers = Answers(run.responses, entries)
    result = Result(faults=run.count_faults())
    result.problems = {
        "history": history,
        "posts": list(PostChecks(tickets, run.posts, run.ids).problems()),
        "answers": list(answers.problems()),
        "recipients": list(messages.row_problems(expected)),
        "leases": list(messages.lease_problems()),
        "duplicates": list(messages.duplicate_problems()),
        "contents": list(messages.content_problems()),
        "processes": [*run.errors, *_crashes(entries)],
    }
    saved = sum(post.response.is_saved for post in run.posts)
    result.counts = {
        "requests": len(run.responses),
        "posts answered and saved": saved,
        "tickets": len(tickets),
        "events": sum(len(ticket.events) for ticket in tickets.values()),
        "notifications": len(expected),
        "emails": messages.states.total(),
        "  sent": messages.states["sent"],
        "  skipped: ticket deleted or muted": messages.states["skip"],
        "  failed: 550": messages.states["fail"],
        "delivery runs": sum(entry["kind"] == "ended" for entry in entries),
        "attempts": len(messages.attempts),
        "responses 5xx": answers.server_errors.total(),
        **{f"  {cause}": count for cause, count in sorted(answers.server_errors.items())},
        "no response: worker killed": answers.lost,
        "duplicates": messages.duplicates.total(),
        **{f"  {cause}": count for cause, count in sorted(messages.duplicates.items())},
    }
    return result


def _crashes(entries: list[dict[str, Any]]) -> Iterator[str]:
    for entry in entries:
        if entry["kind"] == "crashed":
            yield f"a delivery run crashed: {entry['error']}"


class Answers:
    """Whether every request was answered, and no error is without its fault."""

    def __init__(self, responses: list[Response], entries: list[dict[str, Any]]) -> None:
        self.responses = responses
        faults = [entry for entry in entries if entry["kind"] == "fault"]
        self.disturbed = {entry["request"]: entry["name"] for entry in faults if "request" in entry}
        self.cuts = [entry["time"] for entry in faults if entry["name"] == "connection cut"]
        self.kills = [
            entry["time"]
            for entry in faults
            if entry["name"] in {"statement: killed", "web worker killed"} and "run" not in entry
        ]
        self.errors = [entry for entry in entries if entry["kind"] == "error"]
        self.server_errors: Counter[str] = Counter()
        """Cause to number of responses."""
        self.lost = 0

    def problems(self) -> Iterator[str]:
        """Yield responses that nothing explains."""
        for response in self.responses:
            if response.status is None:
                self.lost += 1
                if not _is_during(self.kills, response):
                    yield f"{response.route} by {response.user}: {response.error}"
            elif response.status >= 500:
                cause = self.disturbed.get(response.id, "")
                if not cause and _is_during(self.cuts, response):
                    cause = "connection cut"
                self.server_errors[cause or "unexplained"] += 1
                if not cause:
                    yield f"{response.route} by {response.user}: {self._error_during(response)}"
            elif response.status not in {200, 302, 404} or "/accounts/login/" in response.location:
                yield f"{response.route} by {response.user}: {response.status} {response.location}"

    def _error_during(self, response: Response) -> str:
        errors = {
            f"{entry['message']} {entry['error']}"
            for entry in self.errors
            if response.start <= entry["time"] <= response.end
        }
        return f"{response.status} ({'; '.join(sorted(errors))})"


def _is_during(times: list[float], response: Response) -> bool:
    return any(response.start - 0.1 <= time <= response.end + 0.1 for time in times)
