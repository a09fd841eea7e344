"""The option `--database` of the commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.mark.parametrize(
    "command",
    [
        ["help_desk_check_values"],
        ["help_desk_create_groups"],
        ["help_desk_deliver"],
        ["help_desk_erase_user", "lovelace"],
        ["help_desk_prune"],
        ["help_desk_status"],
    ],
)
def test_unknown_database_is_a_command_error(command: Sequence[str]) -> None:
    with pytest.raises(CommandError, match="argument --database: invalid choice: 'archive'"):
        call_command(*command, "--database=archive")
