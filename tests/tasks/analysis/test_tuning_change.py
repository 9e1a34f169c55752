from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from spikeatlas.tasks.analysis.tuning_change import class_moments


def responses(values: np.ndarray, labels: np.ndarray, first: np.ndarray) -> xr.DataArray:
    """An atlas's responses to single images."""
    return xr.DataArray(
        values.astype(np.float32), dims=("epoch", "image", "neuron"),
        coords={
            "epoch": np.arange(len(values), dtype=float), "neuron": np.arange(values.shape[2]),
            "label": ("image", labels), "first": ("image", first.astype(np.uint8)),
        },
    )  # fmt: skip


def test_moments_are_those_of_a_plain_loop() -> None:
    rng = np.random.default_rng(0)
    labels, first = rng.integers(0, 4, 60), rng.random(60) < 0.5
    values = rng.integers(0, 17, (3, 60, 5)) / 16
    found = class_moments(responses(values, labels, first), 5)
    assert found["count"].values[:, 4].tolist() == [0, 0]
    assert found["mean"].sel(category=4).isnull().all()
    for epoch in range(3):
        for half, part in enumerate((first, ~first)):
            for label in range(4):
                chosen = values[epoch][part & (labels == label)]
                got = found.isel(epoch=epoch, half=half, category=label)
                assert got["mean"].values == pytest.approx(chosen.mean(axis=0))
                assert got["variance"].values == pytest.approx(chosen.var(axis=0, ddof=1))


def test_equal_responses_do_not_vary() -> None:
    values = np.full((1, 12, 2), 0.3)
    found = class_moments(responses(values, np.arange(12) % 2, np.arange(12) < 6), 2)
    assert (found["variance"] == 0).all()
    assert found["mean"].values == pytest.approx(0.3)


def test_one_image_has_no_variance() -> None:
    found = class_moments(
        responses(np.ones((1, 3, 1)), np.array([0, 0, 1]), np.array([True, False, True])), 2
    )
    assert found["variance"].isnull().all()
