"""System checks of the setting `WEBHOOKS`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import checks

from tests.docs.blocks import ROOT, blocks_of
from tests.support.receivers import SECRET

pytestmark = pytest.mark.django_db  # one of Django's own checks queries the database

URL = "https://hooks.example.com/t0ken"


def messages() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for message in checks.run_checks():
        if message.id and message.id.startswith("help_desk."):
            assert message.hint
            found.setdefault(message.id.removeprefix("help_desk."), []).append(message.msg)
    return found


@pytest.fixture
def public(configure: Callable[..., None], settings: Any) -> Callable[..., None]:
    def configure_public(*hooks: Any) -> None:
        configure(*hooks)
        del settings.HELP_DESK["WEBHOOKS_TO_PRIVATE_ADDRESSES"]

    return configure_public


def test_valid_webhooks(public: Callable[..., None]) -> None:
    kinds = ["new", "reply", "note", "assignment", "status", "priority"]
    public(URL, {"url": f"{URL}/2", "secret": SECRET, "kinds": kinds})
    assert messages() == {}


@pytest.mark.parametrize(
    ("hook", "check_id"),
    [
        pytest.param({"url": URL}, "E120", id="no-secret"),
        pytest.param({"secret": SECRET}, "E120", id="no-url"),
        pytest.param({"url": URL, "secret": SECRET, "kind": "new"}, "E120", id="unknown-key"),
        pytest.param(["x", SECRET], "E120", id="not-a-dict"),
        pytest.param({"url": 7, "secret": SECRET}, "E121", id="not-a-string"),
        pytest.param("hooks.example.com/t0ken", "E121", id="no-scheme"),
        pytest.param("https://ada:t0ken@hooks.example.com/", "E121", id="password"),
        pytest.param(f"https://hooks.example.com/{'t0ken' * 100}", "E121", id="long"),
        pytest.param({"url": URL, "secret": None}, "E122", id="empty-secret"),
        pytest.param({"url": URL, "secret": "t0ken" * 6}, "E122", id="short-secret"),
        pytest.param({"url": URL, "secret": "é" * 40}, "E122", id="not-ascii"),
        *(
            pytest.param({"url": URL, "secret": SECRET, "kinds": kinds}, "E123", id=name)
            for name, kinds in {
                "unknown-kind": ["new", "updated"],
                "mention": ["mention"],
                "not-a-list": "note",
                "no-kinds": [],
                "not-strings": [["new"]],
            }.items()
        ),
    ],
)
def test_invalid_entry_is_reported_without_its_secrets(
    public: Callable[..., None], hook: Any, check_id: str
) -> None:
    public("https://other.example.com/", hook)
    found = messages()
    assert found.keys() == {check_id}
    assert "['WEBHOOKS'][1]" in found[check_id][0]
    assert not any(word in str(found) for word in ("t0ken", SECRET, "é"))


@pytest.mark.parametrize("second", [URL, URL.replace("t0ken", "T0KEN")], ids=["same", "case"])
def test_duplicate_url_is_reported(public: Callable[..., None], second: str) -> None:
    public(URL, second)
    (message,) = messages()["E124"]
    assert message == "HELP_DESK['WEBHOOKS'] contains a URL at hooks.example.com 2 times."


def test_empty_setting_is_reported(public: Callable[..., None]) -> None:
    public()
    assert messages().keys() == {"W120"}


def test_http_url_is_reported_unless_private_addresses_are_allowed(
    public: Callable[..., None], configure: Callable[..., None]
) -> None:
    public("http://hooks.example.com/t0ken")
    assert messages().keys() == {"W121"}
    configure("http://hooks.example.com/t0ken")
    assert messages() == {}


def test_webhooks_without_the_channel_are_reported(settings: Any) -> None:
    settings.HELP_DESK = {
        "SITE_URL": "https://intranet.example.com",
        "WEBHOOKS": [{"url": URL, "secret": SECRET}],
    }
    assert messages().keys() == {"W122"}


def test_setting_of_the_wrong_type_is_reported_without_its_secrets(
    settings: Any, configure: Callable[..., None]
) -> None:
    configure(URL)
    settings.HELP_DESK["WEBHOOKS"] = settings.HELP_DESK["WEBHOOKS"][0]
    found = messages()
    assert "E102" in found
    assert SECRET not in str(found)


def test_documented_settings_are_valid(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCK_WEBHOOK_SECRET", SECRET)
    page = ROOT / "docs" / "howto" / "receive_webhooks.md"
    (block,) = [block for block in blocks_of(page) if block.file == "settings.py"]
    values: dict[str, Any] = {}
    exec(block.compiled(), values)
    settings.HELP_DESK = {"SITE_URL": "https://intranet.example.com"} | values["HELP_DESK"]
    assert messages() == {}
