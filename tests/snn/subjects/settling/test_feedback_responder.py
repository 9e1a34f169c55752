"""Responses are settled rates, counted exactly, whoever else is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.networks import FeedbackNetwork
from spikeatlas.snn.readings import LatencyReading, WindowReading
from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects import FeedbackSubject
from tests.snn.nets import noise_images
from tests.snn.networks.feedback.feedback_nets import feedback_network

KEY = CodingKey(0, "a", "test")


def subject_of(**fields: Any) -> FeedbackSubject:
    network = feedback_network(**{"units": 21, "time_steps": 12, **fields})
    with torch.no_grad():
        network.fc1.weight *= 3
        network.feedback.weight *= 2
    return FeedbackSubject(network)


def trains(network: FeedbackNetwork, images: Any, key: CodingKey = KEY) -> torch.Tensor:
    ((_, spikes),) = network.capture(encode(network, images, key))
    return spikes


@pytest.mark.parametrize("kind", ["auto", "plain", "fast"])
def test_responses_are_spikes_a_step(kind: Any) -> None:
    subject = subject_of()
    images = noise_images(5, (1, 8, 8))

    responses = subject.responses(images, {"fc1": range(20, -1, -1)}, Showing(8, kind=kind))

    spikes = trains(subject.network, np.concatenate([images, images[-1:].repeat(3, 0)]))
    expected = spikes[:, :5].flip(2).double().mean(0)
    assert np.array_equal(responses["fc1"], expected.float().numpy())
    assert responses["fc1"].max() <= 1
    assert len(np.unique(responses["fc1"])) > 5
    unit = subject.layers["fc1"].unit
    assert (unit.quantum, unit.bottom, unit.top) == (1 / 12, 0, 1)


def test_a_response_depends_on_nothing_but_its_stimulus() -> None:
    subject, images = subject_of(), noise_images(9, (1, 8, 8))
    showing, units = Showing(4), {"fc1": range(21)}
    whole = subject.responses(images, units, showing)["fc1"]

    for count in (1, 3):
        parts = [
            subject.responses(images[start : start + count], units, showing)["fc1"]
            for start in range(0, 9, count)
        ]
        assert np.array_equal(np.concatenate(parts), whole)
    assert np.array_equal(subject.responses(images, units, Showing(9))["fc1"], whole)
    assert subject.responses(images[:0], units)["fc1"].shape == (0, 21)


def test_spike_trains_are_averaged_over_showings() -> None:
    subject, images = subject_of(coding="poisson"), noise_images(4, (1, 8, 8))

    both = subject.responses(images, {"fc1": [1, 2]}, Showing(4, KEY, presentations=2))["fc1"]

    rows = [trains(subject.network, images, KEY.shifted(number)).mean(0) for number in (0, 1)]
    np.testing.assert_allclose(both, ((rows[0] + rows[1]) / 2)[:, [1, 2]], atol=1e-6)
    assert not torch.equal(rows[0], rows[1])


def test_spikes_are_read_otherwise_than_by_rate() -> None:
    subject, images = subject_of(), noise_images(4, (1, 8, 8))
    spikes = trains(subject.network, images).numpy()

    late = subject.responses(
        images, {"fc1": range(21)}, Showing(4, reading=WindowReading(start=6, stop=12))
    )

    np.testing.assert_allclose(late["fc1"], spikes[6:].mean(0), atol=1e-6)
    first = subject.responses(images, {"fc1": range(21)}, Showing(4, reading=LatencyReading()))[
        "fc1"
    ]
    silent = spikes.sum(0) == 0
    assert silent.any()
    assert (first[silent] == 0).all()
    assert (first[~silent] > 0).all()


def test_sequences_of_frames_are_shown_frame_by_frame() -> None:
    subject, images = subject_of(), noise_images(3, (1, 8, 8))
    still = subject.responses(images, {"fc1": range(21)})["fc1"]

    repeated, moving = (
        subject.responses(frames, {"fc1": range(21)})["fc1"]
        for frames in (np.repeat(images[:, None], 2, 1), np.stack([images, images[::-1]], 1))
    )

    assert np.array_equal(repeated, still)
    assert not np.array_equal(moving, still)


@pytest.mark.parametrize(
    ("neurons", "sentence"),
    [
        ({"fc2": [0]}, "layers names 'fc2'"),
        ({"fc1": [21]}, r"neurons of layer 'fc1' are \[21\]"),
        ({"fc1": []}, "give at least one"),
        ({}, "layers is empty"),
    ],
)
def test_what_is_not_there_is_refused(neurons: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        subject_of().responder(neurons, Showing())


def test_a_network_that_diverged_is_refused() -> None:
    subject = subject_of()
    with torch.no_grad():
        subject.network.feedback.weight[0, 0] = float("nan")

    for call in (subject.check, lambda: subject.responder({"fc1": [0]}, Showing())):
        with pytest.raises(ValueError, match=r"feedback\.weight holds NaN"):
            call()
    with pytest.raises(ValueError, match="images have shape"):
        subject_of().responses(noise_images(1, (1, 9, 9)), {"fc1": [0]})
    assert subject_of().responder({"fc1": [0]}, Showing()).describe() == [
        "fc1: plain loop; its units see each other's spikes"
    ]
