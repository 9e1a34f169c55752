"""The stop-watch of a cell; whole cells are run by the race's tests."""

from __future__ import annotations

import time

import numpy as np
import pytest

from spikeatlas.tasks.benchmark.results_store import VARIABLES
from spikeatlas.tasks.benchmark.run_cell import PARTS, StopWatch


def test_a_stop_watch_adds_up_each_part_on_both_clocks() -> None:
    watch = StopWatch()
    for _ in range(2):
        with watch("decode"):
            time.sleep(0.01)
    arrays = watch.arrays()
    assert arrays.keys() <= VARIABLES.keys()
    assert arrays["decode_seconds"] == pytest.approx(0.02, abs=0.02)
    assert arrays["decode_seconds"] > arrays["decode_cpu_seconds"] >= 0
    assert [float(arrays[f"{part}_seconds"]) for part in PARTS if part != "decode"] == [0, 0]
    assert all(isinstance(value, np.ndarray) for value in arrays.values())
