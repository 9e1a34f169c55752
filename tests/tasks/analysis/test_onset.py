from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import xarray as xr

from spikeatlas.tasks.analysis.onset import (
    NEVER,
    highly_selective_onset,
    onset_epoch,
    onset_row,
    selective,
)
from spikeatlas.tasks.analysis.thresholds import thresholds

EPOCHS = [0.0, 0.1, 1.0, 2.0]


def courses(*neurons: Sequence[float]) -> xr.DataArray:
    return xr.DataArray(
        np.array(neurons).T, dims=("epoch", "neuron"),
        coords={"epoch": EPOCHS, "neuron": np.arange(len(neurons))},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("seen", "row"),
    [
        ([0, 0, 1, 1], 2), ([1, 1, 0, 0], 0), ([0, 1, 0, 1], 3), ([0, 1, 0, 0], NEVER),
        ([0, 0, 0, 1], 3), ([0, 0, 0, 0], NEVER), ([1, 0, 1, 1], 2),
    ],
)  # fmt: skip
def test_onset_wants_two_epochs_in_a_row(seen: list[int], row: int) -> None:
    assert onset_row(courses(seen) == 1).item() == row


def test_selective_is_both_strong_and_no_luck() -> None:
    csi, q = (
        courses([0.2] * 4, [0.2] * 4, [0.05] * 4, [np.nan] * 4),
        courses([0.01] * 4, [0.06] * 4, [0.01] * 4, [np.nan] * 4),
    )
    assert selective(csi, q, 0.1, 0.05).any("epoch").values.tolist() == [True, False, False, False]


def test_onsets_are_epochs() -> None:
    csi, q = courses([0, 0.2, 0.2, 0.4], [0, 0, 0, 0]), courses([0.01] * 4, [0.01] * 4)
    found = onset_epoch(csi, q, thresholds())
    assert found.values[0] == 0.1
    assert np.isnan(found.values[1])
    assert highly_selective_onset(csi, q, thresholds()).values[0] == 2.0


def test_one_epoch_is_enough_to_ask() -> None:
    assert onset_row((courses([1, 0, 0, 0]) == 1).isel(epoch=[0])).item() == 0
