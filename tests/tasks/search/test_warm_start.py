from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.snn.subjects import Unit
from spikeatlas.tasks.atlas import AtlasError, open_tree, path_of, writable
from spikeatlas.tasks.atlas.origin import run_of_atlas
from spikeatlas.tasks.inspect.replay.verify import verify
from spikeatlas.tasks.search.warm_start import start_arrays
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.study import StudyError
from spikeatlas.tasks.workers import models
from tests.tiny import search_alone


@pytest.fixture(scope="module")
def found(varied: Checked) -> xr.Dataset:
    return open_tree(varied.run.atlas).layer("conv2").isel(search=0).load()


def stored(checked: Checked, name: str) -> Any:
    return writable(zarr.open_group(checked.run.atlas, mode="r+")[path_of(name, "conv2")])


def test_the_first_epoch_has_a_cold_lane_alone(found: xr.Dataset) -> None:
    first = found.isel(epoch=0)

    assert first.warm_response.isnull().all()
    assert (first.lane == 0).all()
    np.testing.assert_array_equal(first.cold_response, first.response)


def test_the_better_lane_is_the_result(found: xr.Dataset) -> None:
    later = found.isel(epoch=slice(1, None))
    warm = later.lane == 1

    assert warm.any()
    assert not warm.all()
    np.testing.assert_array_equal(
        later.response, np.maximum(later.cold_response, later.warm_response)
    )
    xr.testing.assert_equal(later.mei, later.warm_mei.where(warm, later.cold_mei))
    xr.testing.assert_equal(later.latent, later.warm_latent.where(warm, later.cold_latent))
    assert (later.images_shown == 60).all()
    assert (later.history.diff("images") >= 0).all()
    np.testing.assert_array_equal(later.history.isel(images=-1), later.search_response)


def test_the_cold_lane_knows_nothing_of_other_epochs(varied: Checked, found: xr.Dataset) -> None:
    cold = varied.run.with_fields(search=replace(varied.run.search, warm_start=False, budget=30))

    alone = search_alone(cold, Block(2, "conv2", 0, 4), "screened")

    rows = found.sel(epoch=2).isel(neuron=slice(0, 4))
    np.testing.assert_array_equal(alone["mei"], rows.cold_mei)


def test_the_warm_lane_starts_from_the_epoch_before(varied: Checked, found: xr.Dataset) -> None:
    respond = models.responder(varied.run, 2.0, "report", {"conv2": tuple(range(6))})
    before = found.sel(epoch=1)
    start = np.stack(
        [respond(before.mei.values[n])["conv2"][:, n] for n in range(before.sizes["neuron"])]
    )

    assert (found.warm_response.sel(epoch=2).values >= start - 1e-6).all()


def test_lanes_and_diverse_stimuli_are_replayed(varied: Checked) -> None:
    assert verify(run_of_atlas(varied.run.atlas)).sound
    names = ("warm_response", "diverse", "cold_latent")
    held = {name: stored(varied, name)[...] for name in names}
    changed = {name: values.copy() for name, values in held.items()}
    changed["warm_response"][2, 3, 0, 1] += 0.5
    n, _, r = np.argwhere(stored(varied, "diverse_count")[1] > 1)[0]
    changed["diverse"][1, n, 0, r, 1, 0, 2, 3] ^= 255
    m, _, q = np.argwhere(stored(varied, "cold_response")[1] > 0)[0]
    changed["cold_latent"][1, m, 0, q] = (changed["cold_latent"][1, m, 0, q] + 1) % 32
    try:
        for name, values in changed.items():
            stored(varied, name)[...] = values
        problems = verify(run_of_atlas(varied.run.atlas)).problems
    finally:
        for name, values in held.items():
            stored(varied, name)[...] = values
    told = (
        "epoch=2 layer=conv2 neuron=3 search=screened repeat=1 warm lane: response",
        f"epoch=1 layer=conv2 neuron={n} search=screened repeat={r} diverse alternative=1: diverse differs",
        f"epoch=1 layer=conv2 neuron={m} search=screened repeat={q} cold lane: cold_mei differs",
    )
    assert all(any(text in problem for problem in problems) for text in told), problems


def test_an_epoch_waits_for_the_one_before(varied: Checked) -> None:
    status = stored(varied, "status")
    held = status[1, 0:4]
    status[1, 0:4] = np.uint8(4)
    try:
        with pytest.raises(AtlasError, match=r"goes on from epoch 1.*run the study again"):
            search_alone(varied.run, Block(2, "conv2", 0, 4), "screened")
    finally:
        status[1, 0:4] = held


@pytest.mark.parametrize("epochs", [[0, 0.5, 1, 2], [0.5]])
def test_no_epoch_may_come_between(varied: Checked, epochs: list[float]) -> None:
    with pytest.raises(StudyError, match=r"0\.5 cannot be added"):
        check(varied.study.with_epochs(epochs))


def test_later_epochs_and_fewer_may_be_asked_for(varied: Checked) -> None:
    for epochs in ([0, 1], [2], [1, 2]):
        check(varied.study.with_epochs(epochs))


@pytest.mark.parametrize(
    ("unit", "sign", "answered"),
    [(Unit(), 1, False), (Unit(), -1, True), (Unit(bottom=-1), 1, True)],
)
def test_a_lane_that_was_answered_with_nothing_has_an_image_unless_that_is_silence(
    unit: Unit, sign: int, *, answered: bool
) -> None:
    image, response = np.full((1, 1, 2, 2), 7, np.uint8), np.zeros(1, np.float32)
    cold: Any = SimpleNamespace(image=image, response=response, point=np.zeros((1, 4), np.int32))
    arrays = start_arrays([cold], np.array([False]), unit, sign)
    assert arrays["cold_mei"].any() == answered
    assert np.isnan(arrays["warm_response"]).all()
    assert not arrays["warm_mei"].any()
