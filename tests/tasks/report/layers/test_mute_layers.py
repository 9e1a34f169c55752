from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
import zarr

from spikeatlas.flows import maximize
from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.report.key import problems
from spikeatlas.tasks.report.layers import mute_sentences
from spikeatlas.tasks.report.summary import read_summary
from tests.tiny import atlas_folder


def answering(checked: Checked, layer: str, rows: Any, response: Any) -> None:
    """Let all neurons of a layer answer all test images of some epochs with one response."""
    root = zarr.open_group(atlas_folder(checked), mode="r+")
    shape = np.asarray(root[f"natural/{layer}/natural_response"][rows]).shape
    value = np.broadcast_to(np.reshape(response, (-1, 1)) if np.ndim(response) else response, shape)
    root[f"natural/{layer}/natural_response"][rows] = value
    root[f"natural_top/{layer}/natural_top_response"][rows] = value[..., :1]


def test_an_atlas_whose_layers_answer_names_none(compared: Checked) -> None:
    assert mute_sentences(compared.run.atlas) == []


def test_layers_that_answer_nothing_are_named_with_their_epochs(compared_copy: Checked) -> None:
    answering(compared_copy, "conv2", 1, 0.0)
    answering(compared_copy, "fc1", slice(1, 3), 0.0)
    assert mute_sentences(compared_copy.run.atlas) == [
        (
            "conv2 (epoch 1); fc1 (epochs 1, 2): no probed neuron answers any test image; lower network.threshold, or "
            "raise network.beta or network.time_steps"
        )
    ]
    assert mute_sentences(compared_copy.run.atlas, [1])[0].startswith("conv2, fc1 (epoch 1): no")
    assert mute_sentences(compared_copy.run.atlas, [0]) == []


def test_one_neuron_that_answers_is_enough(compared_copy: Checked) -> None:
    answering(compared_copy, "fc1", 2, [0.1, *[0.0] * 7])
    root = zarr.open_group(atlas_folder(compared_copy), mode="r+")
    means: Any = root["natural/fc1/natural_response"]
    means[2, 0, 0] = 0.05
    assert mute_sentences(compared_copy.run.atlas, [2]) == []


@pytest.mark.parametrize("response", [1.0, 0.3])
def test_layers_that_answer_all_images_alike_are_named(
    compared_copy: Checked, response: float
) -> None:
    answering(compared_copy, "fc1", 2, response * np.arange(1, 9) / 8)
    assert mute_sentences(compared_copy.run.atlas) == [
        "fc1 (epoch 2): each probed neuron answers all test images alike; raise network.threshold, or lower network.beta"
    ]


def test_epochs_that_are_not_observed_are_no_silence(compared_copy: Checked) -> None:
    answering(compared_copy, "fc1", 2, np.nan)
    assert mute_sentences(compared_copy.run.atlas) == []


def test_the_report_names_them(compared_copy: Checked) -> None:
    answering(compared_copy, "conv2", 2, 0.0)
    *_, problem = problems(read_summary(compared_copy.run.atlas))
    assert problem.startswith("conv2 (epoch 2): no probed neuron answers any test image; ")


def test_they_are_named_when_an_epoch_is_observed(
    compared_copy: Checked, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answering(compared_copy, "conv2", 2, 0.0)
    for name in ("submit", "gather", "search_blocks"):
        monkeypatch.setattr(maximize, name, lambda *_: [])
    with caplog.at_level(logging.INFO, "spikeatlas"):
        maximize.maximize_flow.fn(compared_copy.run, 2.0)
    assert caplog.messages[0].startswith("conv2 (epoch 2): no probed neuron answers")
