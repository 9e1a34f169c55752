"""A study whose network is converted layer by layer: what a unit of an analogue layer wants to see, shown to its spiking heir."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.inspect.replay.verify import verify
from spikeatlas.tasks.report import read_summary
from spikeatlas.tasks.report.atlas_words import lead_sentence
from spikeatlas.tasks.study.study import StudyError
from tests.tiny import atlas_folder, built, tiny

STAGES = (0.5, 1, 1.5, 2, 2.5, 3)
STEPS = 8


def converting(output: Path, **sections: Any) -> dict[str, Any]:
    """A tiny study of a network that is converted."""
    fields: dict[str, Any] = {
        "network": {
            "neuron": "tandem",
            "coding": "first-step",
            "decoding": "mean",
            "pool": "average",
            "norm": {"kind": "batch", "statistics": "sum"},
            "time_steps": STEPS,
        },
        "training": {"epochs": 3, "lr": 0.01, "method": {"kind": "tandem", "patience": 2}},
        "probe": {"epochs": list(STAGES)},
        "search": {"methods": ["screened"], "budget": 40, "prior": "uniform"},
        "analysis": {"images": 60, "ablation": [0.5, 3], "ablation_images": 40},
    }
    merged = {
        name: {**fields.get(name, {}), **sections.get(name, {})} for name in {**fields, **sections}
    }
    return tiny(output, **merged)


@pytest.fixture(scope="module")
def conversion(shared: Path) -> Checked:
    """The finished study: read only."""
    return built(shared / "conversion", converting)


def store_of(checked: Checked) -> xr.DataTree:
    return xr.open_datatree(atlas_folder(checked), engine="zarr", consolidated=False)


def test_the_axis_says_what_it_counts(conversion: Checked) -> None:
    epoch = store_of(conversion)["progress"].epoch

    assert epoch.values.tolist() == list(STAGES)
    assert epoch.attrs["long_name"] == "conversion stage"
    assert "0.5: the analogue network is trained" in epoch.attrs["comment"]
    summary = read_summary(conversion.run.atlas)
    sentence = lead_sentence(summary.layout, "digits", 1)
    assert "Epochs here count something else: conversion stage (k: hidden layer k" in sentence


@pytest.mark.parametrize(("layer", "positions", "conversion_place"), [("conv2", 4, 2), ("fc1", 1, 3)])  # fmt: skip
def test_responses_are_counts_once_a_layer_spikes(
    conversion: Checked, layer: str, positions: int, conversion_place: int
) -> None:
    with open_tree(conversion.run.atlas) as tree:
        response = tree.layer(layer, "layers").response.load()
    counts = response * STEPS * positions
    is_whole = (counts - counts.round()).astype("float64").pipe(abs) < 1e-4
    spiking = response.epoch >= conversion_place

    assert bool(is_whole.where(spiking, True).all())
    assert not bool(is_whole.where(~spiking, True).all())
    assert response.attrs["units"].startswith("spikes a step and position; analogue: activation")
    assert float(response.where(spiking).max()) <= 1


def test_stimuli_of_every_stage_are_shown_to_every_other(conversion: Checked) -> None:
    cross = store_of(conversion)["cross/fc1"].cross_response.load()
    own = cross.where(cross.epoch == cross.stimulus_epoch).max("epoch")
    found = store_of(conversion)["layers/fc1"].response.rename(epoch="stimulus_epoch")

    # of silent neurons there is no stimulus
    shown = cross.sel(epoch=3, stimulus_epoch=2.5).notnull()
    assert bool(shown.any())
    own = own.transpose(*found.dims)
    np.testing.assert_allclose(own, found.where(own.notnull()), rtol=1e-4, atol=1e-6)
    assert bool((own.isnull() == (found == 0)).all())


def test_every_stored_value_is_replayed(conversion: Checked) -> None:
    verdict = verify(conversion.run)

    assert verdict.sound, verdict.problems
    assert (
        json.loads(str(store_of(conversion).attrs["study"]))["training"]["method"]["kind"]
        == "tandem"
    )


@pytest.mark.parametrize(
    ("sections", "sentence"),
    [
        (
            {"probe": {"epochs": [0.25]}},
            r"probe\.epochs: 0\.25 has no checkpoint, for tandem leaves one at each stage; choose among 0, 0\.5, 1",
        ),
        (
            {"training": {"method": "backprop"}},
            r"training\.method: backprop cannot train such a network; choose tandem",
        ),
        ({"training": {"backend": "eager"}}, r"training\.backend: tandem does not read it"),
        (
            {"analysis": {"lengths": [4]}},
            r"analysis\.lengths: this network cannot be shown a stimulus for 4 time steps: its numbers are sums over the 8",
        ),
        ({"network": {"coding": "poisson"}}, "set network.coding to first-step"),
        (
            {"probe": {"reading": "latency"}},
            "latency reads spikes, and there are none in conv2, fc1, whose responses are in spikes a step and position; analogue",
        ),
    ],
)
def test_mistakes_of_a_study_are_sentences(
    tmp_path: Path, sections: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(StudyError, match=sentence):
        check(converting(tmp_path, **sections))
