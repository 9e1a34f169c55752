from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from spikeatlas.tasks.analysis.drift import drift
from spikeatlas.tasks.atlas import DONE, PENDING, SILENT
from spikeatlas.tasks.atlas.tree import with_sign


def group(repeats: int = 2, **changed: Any) -> xr.Dataset:
    """Two epochs of two neurons, one search."""
    search = ("epoch", "neuron", "search", "repeat")
    shape = (2, 2, 1, repeats)
    found = {
        "mei": ((*search, "channel", "y", "x"), np.zeros((*shape, 1, 2, 2), np.uint8)),
        "latent": ((*search, "latent_dim"), np.zeros((*shape, 4), np.int16)),
        "response": (search, np.full(shape, 0.5, np.float32)),
        "status": (search, np.full(shape, DONE, np.uint8)),
        "mei_reference_class": (search, np.zeros(shape, np.int16)),
    }
    data = with_sign(xr.Dataset(found, coords={"epoch": [0.0, 1.0], "neuron": [3, 5]}), 1)
    for name, values in changed.items():
        data[name].values[:] = values
    return data


def test_images_are_held_against_other_repeats() -> None:
    data = group()
    data["mei"].values[1, 0] = 51  # 0.2 of the grey scale
    data["mei"].values[1, 1, 0, 1] = 51
    found = drift(data, "image")
    assert found.drift.isel(epoch=0).isnull().all()
    assert found.drift.values[1] == pytest.approx([0.2, 0.1])
    assert found.same.values[1] == pytest.approx([0, 0.2])
    assert found.same_high.values[0] == pytest.approx([0, 0])


def test_codes_differ_or_not_and_numbers_by_how_much() -> None:
    data = group()
    data["latent"].values[1, 0, :, :, 0] = 9
    assert drift(data, "latent").drift.values[1] == pytest.approx([0.25, 0])
    data["latent"] = data.latent.astype(np.float32) + np.float32(0.5)
    assert drift(data, "latent").drift.values[1] == pytest.approx([4.5, 0])


def test_responses_and_classes() -> None:
    data = group()
    data["response"].values[1, 1] = 0.75
    data["mei_reference_class"].values[1, 0, 0, 0] = 4
    data["mei_reference_class"].values[1, 1] = -1
    assert drift(data, "response").drift.values[1] == pytest.approx([0, 0.25])
    found = drift(data, "class")
    assert found.drift.values[1, 0] == 0.5
    assert np.isnan(found.drift.values[1, 1])


def test_gaps_stay_gaps() -> None:
    data = group()
    data["status"].values[1, 0] = SILENT
    data["status"].values[0, 1, 0, 1] = PENDING
    found = drift(data, "image")
    assert np.isnan(found.drift.values[1, 0])
    assert found.drift.values[1, 1] == 0
    assert np.isnan(found.same.values[0, 1])


def test_only_what_has_an_image_counts() -> None:
    data = group()
    data["cold_response"] = data.response.copy(deep=True)
    data["cold_mei"] = data.mei.copy(deep=True)
    # the warm search found an image, the cold one none
    data["cold_response"].values[1, 0] = 0
    assert np.isnan(drift(data, "image").drift.values[1, 0])
    # where the lowest response is sought, none is the aim
    assert drift(with_sign(data, -1), "image").drift.values[1, 0] == 0


def test_one_repeat_is_held_against_itself_without_a_band() -> None:
    found = drift(group(repeats=1), "image")
    assert (found.drift.values[1] == 0).all()
    assert found.same.isnull().all()
