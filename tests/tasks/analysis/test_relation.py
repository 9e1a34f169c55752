from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from spikeatlas.tasks.analysis.importance import importance
from spikeatlas.tasks.analysis.relation import increments, levels


def test_levels_follow_ranks() -> None:
    accuracy = np.array([0.1, 0.6, 0.8, 0.85, 0.9])
    assert levels(accuracy, accuracy**3) == pytest.approx(1)
    assert levels(accuracy, -accuracy) == pytest.approx(-1)
    assert np.isnan(levels(accuracy, np.ones(5)))
    assert np.isnan(levels(accuracy, np.array([np.nan, np.nan, 1, 2, 3])))


def test_increments_need_the_same_epochs() -> None:
    rises = np.array([0.5, 0.1, 0.3, 0.05, 0.2, 0.01])
    course = np.concatenate([[0], rises.cumsum()])
    found = increments(course, 2 * course)
    assert found.correlation == pytest.approx(1)
    assert found.p == pytest.approx(1 / 6)
    assert increments(course, np.concatenate([[0], rises[::-1].cumsum()])).correlation < 0
    assert np.isnan(increments(course[:3], course[:3]).correlation)


def values(*numbers: float) -> xr.DataArray:
    return xr.DataArray(list(numbers), dims="neuron")


def test_importance_of_selective_and_switched_neurons() -> None:
    rise = values(0.0, 0.1, 0.2, 0.3, 0.4, 0.5, np.nan)
    found = importance(rise, values(1, 2, 3, 4, 5, 6, 7), values(0, 0, 0, 0, 1, 1, 1))
    assert found.median == pytest.approx(0.25)
    assert found.selectivity.effect == pytest.approx(1)
    assert found.selectivity.low > 0.9
    assert found.switched == 1
    assert found.switched_p == pytest.approx(2 / 15)


def test_importance_says_what_it_cannot() -> None:
    few = importance(values(0.1, 0.2), values(1, 2), values(0, 0))
    assert few.median == pytest.approx(0.15)
    assert np.isnan(few.selectivity.effect)
    assert np.isnan(few.switched)
    assert np.isnan(importance(values(np.nan), values(1), values(0)).median)
