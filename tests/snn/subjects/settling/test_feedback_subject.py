from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spikeatlas.snn.coding import encode
from spikeatlas.snn.data import Digits, load_data
from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects import SUBJECTS, FeedbackSpec, FeedbackSubject
from tests.snn.nets import noise_images
from tests.snn.subjects.settling.test_feedback_responder import KEY, subject_of


@pytest.mark.parametrize("coding", ["current", "poisson"])
def test_scores_are_the_read_out_of_the_rates(coding: str) -> None:
    subject, images = subject_of(coding=coding), noise_images(5, (1, 8, 8))

    scores = subject.scores(images, Showing(3, KEY, presentations=2))

    network = subject.network
    rows = []
    with torch.no_grad():
        for number in (0, 1):
            inputs = encode(network, images, KEY.shifted(number))
            ((_, spikes),) = network.capture(inputs)
            rows.append(network.fc(spikes.mean(0)).double().numpy())
    np.testing.assert_allclose(scores, (rows[0] + rows[1]) / 2, rtol=1e-5, atol=1e-6)
    assert subject.scores(images[:0], Showing()).shape == (0, 10)


def test_a_silent_unit_is_silent_for_the_others() -> None:
    subject, images = subject_of(), noise_images(6, (1, 8, 8))
    rates = subject.responses(images, {"fc1": range(21)})["fc1"]
    units = np.argsort(-rates.sum(0))[:2].tolist()

    scores = subject.scores_without(images, {"fc1": units}, Showing())["fc1"]

    intact = subject.scores(images, Showing())
    for row, unit in zip(scores, units, strict=True):
        silent = subject.silenced("fc1", unit)
        assert np.array_equal(row, silent.scores(images, Showing()))
        assert not np.array_equal(row, intact)
        answers = silent.responses(images, {"fc1": range(21)})["fc1"]
        others = [other for other in range(21) if other != unit]
        assert not answers[:, unit].any()
        assert not np.array_equal(answers[:, others], rates[:, others])
    assert np.array_equal(subject.scores(images, Showing()), intact)
    with pytest.raises(ValueError, match="has no neuron 21 to silence: give one of 0 to 20"):
        subject.silenced("fc1", 21)
    with pytest.raises(ValueError, match="layers names 'fc9'"):
        subject.silenced("fc9", 0)


def spec(**fields: Any) -> FeedbackSpec:
    read = SUBJECTS.read({"kind": "feedback", "units": 9, "time_steps": 4, **fields})
    assert isinstance(read, FeedbackSpec)
    return read


def test_a_study_names_it_in_a_line(tmp_path: Path) -> None:
    source = spec().source(load_data(Digits(limit=60)), tmp_path)

    assert {name: (info.neurons, info.map) for name, info in source.layers.items()} == {
        "fc1": (9, ())
    }
    assert (source.time_steps, source.classes, source.stochastic) == (4, 10, False)
    assert source.outputs == ()
    example = source.example()
    assert isinstance(example, FeedbackSubject)
    assert example.layers == source.layers
    assert example.lacks == source.lacks == ("gradients",)
    assert spec(coding="poisson").stochastic
    assert spec().trained_here
    assert not spec(checkpoints=tmp_path).trained_here


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"untis": 4}, r"no such field \(did you mean units\?\)"),
        ({"units": 0}, "units"),
        ({"feedback_norm": 0}, "feedback_norm"),
        ({"time_steps": 0}, "time_steps"),
    ],
)
def test_what_does_not_fit_is_refused(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        spec(**fields)
