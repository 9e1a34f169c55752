"""The differences that a replay takes for rounding, in units of every size."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.snn.layer_info import Unit, spike_unit
from spikeatlas.tasks.inspect.replay.replay_tolerance import TOLERANCE, tolerance, tuning_tolerance

SCORES = Unit("score of the class", None, None, None)


@pytest.mark.parametrize("map_", [(), (4, 4), (224, 224)])
def test_no_spike_of_any_map_may_differ(map_: tuple[int, ...]) -> None:
    unit = spike_unit(20, map_)
    assert unit.quantum is not None
    rates = np.array([0.0, 0.25, 1.0], np.float32)
    assert (tolerance(unit, rates) < unit.quantum).all()
    assert (tolerance(unit, rates) <= TOLERANCE).all()


def test_other_numbers_are_held_to_their_own_size() -> None:
    sizes = tolerance(SCORES, np.array([-400.0, 0.5, 1e6], np.float32))
    np.testing.assert_allclose(sizes, [4e-4, TOLERANCE, 1])


def test_a_response_near_zero_is_rounded_as_the_neuron_s_others() -> None:
    stored = np.array([[0.0, 0.1], [-400.0, 0.2]], np.float32)
    sizes = tuning_tolerance(SCORES, stored)
    np.testing.assert_allclose(sizes, [[4e-4, TOLERANCE], [4e-4, TOLERANCE]])
    assert tuning_tolerance(SCORES, stored[:0]).shape == (0, 2)
