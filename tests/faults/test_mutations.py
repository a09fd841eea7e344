"""The mutations fit the code; `python -m tests.faults --mutants` runs the harness on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.mutations import MUTATIONS, Mutation, copy_package


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_mutation_fits_the_code(mutation: Mutation, tmp_path: Path) -> None:
    package = copy_package(tmp_path)
    mutation.apply(package)
    for path, _old, _new in mutation.edits:
        compile((package / path).read_text(), path, "exec")
