"""The runners search the same blocks in turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikeatlas.flows.benchmark.modes.runner_speed import prepare, seconds_of, table_of
from tests.tiny import tiny


@pytest.mark.trains
@pytest.mark.slow
def test_each_runner_takes_its_time(tmp_path: Path) -> None:
    run = prepare(tiny(tmp_path), tmp_path)
    seconds = seconds_of(run, 2, rounds=1)
    assert list(seconds) == [
        "one thread",
        "threads",
        "warm processes",
        "processes and their start",
    ]
    assert min(seconds.values()) > 0
    assert table_of(run, seconds, 2).row_count == 4
