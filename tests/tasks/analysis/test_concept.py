from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from spikeatlas.tasks.analysis.concept import concept_change
from spikeatlas.tasks.analysis.thresholds import thresholds
from spikeatlas.tasks.analysis.tuning_change import class_moments
from tests.tasks.analysis.test_tuning_change import responses

BARS = thresholds()
LABELS = np.arange(200) % 4
FIRST = (np.arange(200) // 4) % 2 == 0


def layer(*means: list[list[float]], noise: float = 0.1, seed: int = 0) -> xr.Dataset:
    """Moments of neurons with given class means at each epoch; the noise of an image stays."""
    rng = np.random.default_rng(seed)
    levels = np.array(means).transpose(1, 0, 2)
    shared = rng.normal(0, noise, (len(LABELS), levels.shape[1]))
    values = np.stack([epoch[:, LABELS].T + shared for epoch in levels])
    return class_moments(responses(np.clip(values, 0, 1), LABELS, FIRST), 4)


def selective_at(moments: xr.Dataset, *rows: list[int]) -> xr.DataArray:
    return xr.DataArray(
        np.array(rows, bool).T, dims=("epoch", "neuron"),
        coords={"epoch": moments.epoch, "neuron": moments.neuron},
    )  # fmt: skip


A, B, BOTH, FLAT = [0.6, 0.2, 0.2, 0.2], [0.2, 0.6, 0.2, 0.2], [0.6, 0.6, 0.2, 0.2], [0.3] * 4


def test_a_switch_is_found_with_its_classes_and_epoch() -> None:
    moments = layer(
        [A, A, A, B, B], [A, A, A, A, A], [BOTH] * 5, [A, A, [0.3, 0.1, 0.1, 0.1], A, A]
    )
    found = concept_change(moments, selective_at(moments, *[[1] * 5] * 4), BARS)
    assert found.switched.values.tolist() == [1, 0, 0, 0]
    assert (found.switch_from[0], found.switch_to[0], found.switch_epoch[0]) == (0, 1, 3.0)
    assert found.switch_effect[0] == pytest.approx(0.5, abs=0.05)
    assert found.switch_epoch[1:].isnull().all()
    # stable: the same class chosen at both ends
    assert found.switch_p[1] == 1
    # the untrained network does not count
    assert (found.switch_start == 1).all()


def test_the_first_and_last_selective_epochs_are_compared() -> None:
    moments = layer([FLAT, FLAT, A, B, FLAT], [B, B, A, A, A], [A, A, A, A, A])
    rows = selective_at(moments, [0, 0, 1, 1, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 1])
    found = concept_change(moments, rows, BARS)
    assert found.switch_start.values[:2].tolist() == [2, 1]
    assert found.switch_end.values[:2].tolist() == [3, 4]
    assert found.switched.values.tolist() == [1, 1, 0]
    # selective at one epoch alone: nothing to compare
    assert np.isnan(found.switch_p[2])
    assert found.switch_from[2] == -1


def test_p_is_the_plain_one() -> None:
    from scipy import stats

    rng = np.random.default_rng(3)
    values = rng.random((2, 200, 1))
    values[0, LABELS == 0] += 0.08
    values[1, LABELS == 1] += 0.08
    data = responses(values, LABELS, FIRST)
    data["epoch"] = [1.0, 2.0]
    moments = class_moments(data, 4)
    found = concept_change(moments, selective_at(moments, [1, 1]), BARS)
    ways = []
    for choose in (FIRST, ~FIRST):
        best = [
            int(np.argmax([now[choose & (c == LABELS), 0].mean() for c in range(4)]))
            for now in data.values
        ]
        if best[0] == best[1]:
            ways.append(1.0)
            continue
        parts = []
        for now, (high, low) in zip(data.values, (best, best[::-1]), strict=True):
            groups = [now[~choose & (c == LABELS), 0].astype(float) for c in (high, low)]
            parts.append(stats.ttest_ind(*groups, equal_var=False, alternative="greater").pvalue)
        ways.append(max(parts))
    assert found.switch_p.item() == pytest.approx(min(1, 2 * min(ways)))


def test_chance_does_not_switch() -> None:
    rng = np.random.default_rng(1)
    # two classes alike, and each epoch with noise of its own
    levels = rng.normal(0.5, 0.1, (2, 200, 400)) + 0.2 * (LABELS < 2)[None, :, None]
    data = responses(np.clip(levels, 0, 1), LABELS, FIRST)
    data["epoch"] = [1.0, 2.0]
    moments = class_moments(data, 4)
    found = concept_change(moments, selective_at(moments, *[[1, 1]] * 400), BARS)
    assert (found.switch_p <= 0.05).mean() < 0.05
    assert found.switched.sum() == 0


def test_one_epoch_has_no_change() -> None:
    moments = layer([A, A]).isel(epoch=[0])
    found = concept_change(moments, selective_at(moments, [1]), BARS)
    assert found.switch_p.isnull().all()
    assert found.switched.sum() == 0
