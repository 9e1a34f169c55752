"""What neurons answer to stimuli that are shown for other numbers of time steps."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.snn.coding import encode
from spikeatlas.snn.networks import FeedbackNetwork
from spikeatlas.snn.training import epoch_path, load_network
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.inspect.replay.verify import verify
from spikeatlas.tasks.stages.showing_lengths import at_lengths
from spikeatlas.tasks.study.study import StudyError
from tests.tiny import built, tiny

SECTIONS: dict[str, Any] = {
    "network": {"kind": "feedback", "units": 12, "time_steps": 6},
    "training": {"epochs": 2, "batch_size": 32, "lr": 0.1, "method": "spide"},
    "probe": {"epochs": [0, 2], "layers": "all", "neurons": 7},
    "search": {"methods": ["random"], "repeats": 2},
    "analysis": {"images": 60, "lengths": [2, 6, 40]},
}


@pytest.fixture(scope="module")
def settled(shared: Path) -> Checked:
    """A finished study of a feedback network: read only."""
    return built(shared / "settled", partial(tiny, **SECTIONS))


GROUPS = ("lengths", "length_categories")


def lengths_of(checked: Checked, epoch: float = 2.0) -> tuple[xr.Dataset, xr.Dataset, xr.Dataset]:
    with open_tree(checked.run.atlas) as tree:
        return (
            xr.merge(
                [tree[f"{group}/fc1"].sel(epoch=epoch).load() for group in GROUPS],
                compat="identical",
            ),
            tree["best/fc1"].sel(epoch=epoch).load(),
            tree["natural_image/fc1"].sel(epoch=epoch).load(),
        )


def test_the_networks_own_length_gives_the_known_responses(settled: Checked) -> None:
    lengths, best, single = lengths_of(settled)
    own = lengths.sel(length=6)

    found = (best.status == "done") | (best.status == "saturated")
    assert found.sum() > 2
    np.testing.assert_array_equal(
        own.length_response.values, best.response.where(found).values.astype(np.float32)
    )
    means = single.natural_image_response.astype(float).groupby("label").mean()
    np.testing.assert_allclose(
        own.length_category_response.values, means.transpose("neuron", "label").values, rtol=1e-6
    )
    with open_tree(settled.run.atlas) as tree:
        top = tree["natural_top/fc1"].sel(epoch=2.0).load()
    np.testing.assert_array_equal(
        own.length_natural_response.values, top.natural_top_response.isel(rank=0).values
    )


def test_another_length_is_another_network_of_the_same_weights(settled: Checked) -> None:
    lengths, best, _ = lengths_of(settled)
    spec = settled.run.study.network
    assert lengths["length"].values.tolist() == [2, 6, 40]
    for length in (2, 40):
        network = load_network(
            epoch_path(settled.run.checkpoints, 2),
            dataclasses.replace(spec.architecture, time_steps=length),  # type: ignore[attr-defined]
            (1, 8, 8),
            10,
        )
        assert isinstance(network, FeedbackNetwork)
        ((_, spikes),) = network.capture(encode(network, best.mei.values))
        rates = spikes.mean(0).numpy()[range(7), range(7)]
        answers = lengths.sel(length=length).length_response.values
        there = ~np.isnan(answers)
        np.testing.assert_allclose(answers[there], rates[there], atol=1e-6)
        # of so many steps: whole numbers of spikes
        np.testing.assert_allclose(answers[there] * length % 1, 0, atol=1e-5)
    assert (lengths.length_response.sel(length=2) != lengths.length_response.sel(length=40)).any()


def test_an_atlas_of_settled_rates_replays_exactly(settled: Checked) -> None:
    verdict = verify(settled.run)
    assert verdict.problems == []
    assert verdict.checked == 2 * 7 * 2
    with open_tree(settled.run.atlas) as tree:
        responses = tree["layers/fc1"].response.values
        assert tree["layers/fc1"].response.attrs["spike_step"] == 1 / 6
        # their unit is theirs, but one spike adds another number at each length
        assert "spike_step" not in tree["lengths/fc1"].length_response.attrs
    np.testing.assert_allclose(responses * 6 % 1, 0, atol=1e-5)


def test_nothing_is_shown_that_no_study_asks_for(made: Checked) -> None:
    with open_tree(made.run.atlas) as tree:
        assert at_lengths(made.run, 2.0, tree) == {}
        assert "lengths/fc1" not in tree


@pytest.mark.parametrize(
    ("sections", "parts"),
    [
        (
            {"network": {"channels": [], "hidden": [8], "norm": "bntt", "time_steps": 6}},
            ("this network cannot be shown a stimulus for 2 time steps", "scales of its own for each of 6"),
        ),
        (
            {"network": {"channels": [], "hidden": [8], "neuron": "relu", "time_steps": 1, "decoding": "membrane"}},
            ("relu units have no time, but network.time_steps is 2",),
        ),
        ({"probe": {"reading": {"kind": "window", "start": 3, "stop": 6}}}, ("of 2 time steps, stop of the window is 6",)),
        ({"analysis": {"lengths": [2, 2]}}, ("[2, 2] names one twice",)),
        ({"analysis": {"lengths": [0]}}, ("it should be 1 or more",)),
    ],
)  # fmt: skip
def test_lengths_that_cannot_be_shown_are_said(
    tmp_path: Path, sections: dict[str, Any], parts: tuple[str, ...]
) -> None:
    raw = tiny(
        tmp_path, **{"probe": {"layers": ["fc1"]}, "analysis": {"lengths": [2, 9]}, **sections}
    )
    with pytest.raises(StudyError) as error:
        check(raw)
    for part in parts:
        assert any(part in problem for problem in error.value.problems), error.value.problems
