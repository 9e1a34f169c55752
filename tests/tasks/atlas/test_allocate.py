"""An atlas is allocated once."""

from __future__ import annotations

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas.allocate import allocate
from tests.equal import differences


def test_allocating_twice_changes_nothing(copied: Checked, made: Checked) -> None:
    allocate(copied.run, copied.layout, copied.data, copied.source)

    assert differences(made.run.atlas, copied.run.atlas) == []
