"""The CSS custom properties in the documentation exist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.docs.blocks import ROOT, all_blocks

if TYPE_CHECKING:
    from tests.docs.blocks import Block

SHEET = ROOT / "help_desk" / "static" / "help_desk" / "help_desk.css"


@pytest.mark.parametrize("block", all_blocks("css"), ids=str)
def test_custom_properties_exist(block: Block) -> None:
    used = set(re.findall(r"--hd-[\w-]+", block.code))
    assert used <= set(re.findall(r"(--hd-[\w-]+):", SHEET.read_text(encoding="utf-8")))
