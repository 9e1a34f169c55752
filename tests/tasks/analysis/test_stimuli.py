from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from spikeatlas.tasks.analysis.stimuli import (
    class_distance,
    false_calls,
    naive_changes,
    rich_rows,
    strata_of,
    support_p,
)

DIMS = ("epoch", "neuron", "repeat")


def classes(values: np.ndarray) -> xr.DataArray:
    return xr.DataArray(values, dims=DIMS, coords={"epoch": np.arange(len(values))})


def strata(read: xr.DataArray) -> xr.DataArray:
    return xr.zeros_like(read.isel(repeat=0))


def test_distances_of_known_groups() -> None:
    one = np.array([[1, 1], [1, 2], [1, 2], [-1, 3]])
    other = np.array([[2, 2, 2], [1, 2, 1], [1, -1, -1], [3, 3, 3]])
    found = class_distance(one, other)
    assert found[0] == 1
    # across 3 of 6, within 1 and 2 of 3
    assert found[1] == pytest.approx(3 / 6 - (1 + 2 / 3) / 2)
    # a group with one MEI read, on either side
    assert np.isnan(found[2])
    assert np.isnan(found[3])


def test_many_peaks_are_no_distance_on_average() -> None:
    drawn = np.random.default_rng(0).integers(0, 3, (20000, 5))
    assert class_distance(drawn[:, :2], drawn[:, 2:]).mean() == pytest.approx(0, abs=0.01)


def test_three_rich_epochs_are_needed() -> None:
    read = np.zeros((4, 6, 5), int)
    read[3, :, 2:] = -1
    assert rich_rows(classes(read)) == [0, 1, 2]
    read[2, :, 4] = -1
    assert rich_rows(classes(read)) == []
    p = support_p(classes(read), strata(classes(read)), np.zeros(6, int), np.full(6, 3))
    assert np.isnan(p).all()


def test_a_change_stands_out_and_none_does_not() -> None:
    rng = np.random.default_rng(0)
    neurons = 300
    read = np.where(rng.random((4, neurons, 5)) < 0.9, 1, rng.integers(0, 10, (4, neurons, 5)))
    read[3, :100] = np.where(read[3, :100] == 1, 7, read[3, :100])
    data = classes(read)
    p = support_p(data, strata(data), np.zeros(neurons, int), np.full(neurons, 3))
    assert (p[:100] <= 0.05).mean() > 0.8
    assert (p[100:] <= 0.05).mean() < 0.05
    calls, total = false_calls(data.isel(epoch=slice(3)), strata(data), 0.05)
    assert total == 3 * neurons * 10
    assert calls / total < 0.06


def test_neurons_that_are_not_asked_have_no_p() -> None:
    data = classes(np.ones((3, 4, 5), int))
    start, end = np.array([0, -1, 2, 0]), np.array([2, 2, 2, 1])
    p = support_p(data, strata(data), start, end)
    assert np.isnan(p).tolist() == [False, True, True, False]
    assert p[0] == 1


def test_naively_two_peaks_look_like_a_change() -> None:
    read = np.random.default_rng(0).integers(0, 2, (3, 400, 5))
    hits, total = naive_changes(classes(read), 0, 0)
    assert total == 400
    assert hits / total == pytest.approx(0.5, abs=0.1)
    assert naive_changes(classes(read[:, :, :1]), 0, 2) == (0, 0)


def test_strata_split_at_the_medians() -> None:
    csi = xr.DataArray([[0.1, 0.2, 0.3, 0.4]], dims=("epoch", "neuron"))
    response = xr.DataArray([[0.9, 0.1, 0.8, 0.2]], dims=("epoch", "neuron"))
    assert strata_of(csi, response).values.tolist() == [[1, 0, 3, 2]]
