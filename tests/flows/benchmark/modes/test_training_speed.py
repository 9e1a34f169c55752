"""A training step is timed both ways, and both give the same gradients."""

from __future__ import annotations

import numpy as np

from spikeatlas.flows.benchmark.modes.training_speed import time_training_step
from tests.snn.responder.small import network, pictures


def test_both_ways_take_time_and_agree() -> None:
    small = network((1, 8, 8), channels=(4,), hidden=())
    images = pictures("natural", (1, 8, 8), 6)
    times = time_training_step(small, images, np.arange(6) % 3, rounds=1)
    assert min(times) >= 0
    assert times.layers > 0
    assert times.ratio == times.steps / times.layers
    assert times.difference < 1e-3
