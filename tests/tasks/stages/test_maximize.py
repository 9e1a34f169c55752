"""The search inside a block: values depend on the study alone, and what is stored can be shown again."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.snn.subjects import Unit
from spikeatlas.tasks.atlas import DONE, STATUS, open_tree
from spikeatlas.tasks.stages.maximize import outcome
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.workers import stopping
from tests.tiny import search_alone


def layer(checked: Checked, name: str = "conv2") -> xr.Dataset:
    return open_tree(checked.run.atlas).layer(name).load()


def test_a_neuron_alone_equals_its_row_in_a_block(made: Checked) -> None:
    stored = layer(made).sel(epoch=2)
    for method in ("tt", "random"):
        alone = search_alone(made.run, Block(2, "conv2", 4, 5), method)
        rows = stored.isel(neuron=[4]).sel(search=method)
        for name in (
            "mei",
            "latent",
            "response",
            "search_response",
            "history",
            "images_shown",
            "seed",
            "status",
        ):
            np.testing.assert_array_equal(alone[name], rows[name].values, err_msg=name)


def test_one_repeat_equals_its_row_among_several(made: Checked) -> None:
    fewer = made.run.with_fields(search=replace(made.run.search, repeats=1))

    alone = search_alone(fewer, Block(2, "conv2", 0, 4), "tt")

    rows = layer(made).sel(epoch=2, search="tt").isel(neuron=slice(0, 4), repeat=[0])
    np.testing.assert_array_equal(alone["mei"], rows.mei.values)


def test_sharing_finds_at_least_what_random_finds_alone(made: Checked) -> None:
    shared = made.run.with_fields(search=replace(made.run.search, share=True))

    found = search_alone(shared, Block(2, "conv2", 0, 6), "random")

    alone = layer(made).sel(epoch=2, search="random").isel(neuron=slice(0, 6))
    assert found["response"].mean() > alone.response.values.mean()
    assert (found["images_shown"].sum(axis=0) <= 20 * 6).all()


def test_history_ends_at_what_the_search_saw(made: Checked) -> None:
    found = layer(made)

    last = found.history.isel(images=-1)
    np.testing.assert_array_equal(last.values, found.search_response.values)
    assert (found.history.diff("images") >= 0).all()
    assert found["images"].values[-1] == 20
    assert (found.images_shown == 20).all()


def test_deterministic_coding_answers_the_same_again(made: Checked) -> None:
    found = layer(made)

    np.testing.assert_allclose(found.response.values, found.search_response.values, atol=1e-6)


def searched(best: list[float], lowest: list[float], highest: list[float]) -> Any:
    """The part of merged searches that their status follows from."""
    response, low, high = (np.array(values, np.float32) for values in (best, lowest, highest))
    return SimpleNamespace(best=SimpleNamespace(response=response), lowest=low, highest=high)


@pytest.mark.parametrize(
    ("unit", "sign", "states"),
    [
        (Unit(), 1, ["silent", "done", "saturated", "saturated"]),
        (Unit(top=None), 1, ["silent", "done", "done", "done"]),
        (Unit(bottom=-1.0), 1, ["done", "done", "saturated", "saturated"]),
        (Unit(), -1, ["done", "done", "done", "saturated"]),
        (Unit(bottom=-0.5), -1, ["done", "done", "done", "saturated"]),
    ],
)
def test_outcomes(unit: Unit, sign: int, states: list[str]) -> None:
    merged = searched([0, 0.5, 1, 1], [-0.5, 0.5, 0.5, 1], [0, 0.5, 1, 1])

    assert [STATUS[state] for state in outcome(merged, unit, sign)] == states


def test_whatever_is_always_answered_with_nothing_is_silent() -> None:
    merged = searched([0], [0], [0])

    for unit, sign in ((Unit(), 1), (Unit(), -1), (Unit(bottom=None, top=None), 1)):
        assert outcome(merged, unit, sign) == STATUS.index("silent")


def test_an_image_that_silences_is_a_result(made: Checked) -> None:
    least = made.run.with_fields(search=replace(made.run.search, sign=-1))
    block = Block(2, "fc1", 0, 8)

    found = search_alone(least, block, "random")

    most = layer(made, "fc1").sel(epoch=2, search="random")
    assert (found["response"] <= most.response.values).all()
    assert (np.diff(found["history"]) <= 0).all()
    np.testing.assert_allclose(found["response"], found["search_response"], atol=1e-6)
    silenced = found["response"] == 0
    answered = most.search_response.values > 0  # the same random images, of the same seeds
    np.testing.assert_array_equal(found["status"] == DONE, answered)
    assert (silenced & answered).any()


def test_a_search_stops_on_request(made: Checked) -> None:
    stopping.ask_to_stop()
    try:
        with pytest.raises(InterruptedError, match="run the same command again"):
            search_alone(made.run, Block(2, "conv2", 0, 4), "tt")
    finally:
        stopping.carry_on()
