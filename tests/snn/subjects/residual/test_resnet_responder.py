from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.layer_info import LayerInfo
from spikeatlas.snn.readings import RATE, LatencyReading, UnitChoice
from spikeatlas.snn.showing import ResponderKind, Showing
from spikeatlas.snn.subjects.residual.resnet_responder import images_at_once
from tests.snn.nets import noise_images
from tests.snn.resnets import NAMES, inputs, resnet
from tests.snn.subjects.residual.resnet_subjects import subject_of

UNITS: tuple[UnitChoice, ...] = ("channel", (0, 0))
KINDS: tuple[ResponderKind, ...] = ("auto", "plain")
SOME: Mapping[str, Sequence[int]] = {
    "layer2.0.sn2": [5, 2, 0, 7, 1], "sn1": [3, 1, 2], "layer1.0.sn1": range(4),
}  # fmt: skip


@torch.no_grad()
def test_rates_are_counts_over_steps_and_positions() -> None:
    network = resnet()
    responses = subject_of(network).responses(noise_images(4, (3, 16, 16)), SOME)

    assert list(responses) == list(SOME)
    for name, spikes in network.capture(inputs(network), len(NAMES)):
        if name in SOME:
            counts = spikes.numpy().astype(np.float64).sum((0, 3, 4))
            rates = counts / (len(spikes) * spikes.shape[3] * spikes.shape[4])
            assert np.array_equal(responses[name], rates[:, list(SOME[name])].astype(np.float32))
            assert responses[name].any()


@pytest.mark.parametrize(
    "fields",
    [
        {"stem": "imagenet"},
        {"stem": "cifar"},
        {"coding": "poisson"},
        {"neuron": "tests.snn.own_layers:Ternary"},
    ],
    ids=str,
)
def test_it_equals_the_plain_loop(fields: dict[str, Any]) -> None:
    subject = subject_of(resnet(**fields))
    images, key = noise_images(7, subject.input_shape), CodingKey(0, "a", "test")
    neurons = {name: range(info.neurons) for name, info in subject.layers.items()}
    for reading in (RATE, LatencyReading()):
        for unit in UNITS:
            showing = Showing(3, key, presentations=2, reading=reading, unit=unit)
            fast, plain = (
                subject.responses(images, neurons, replace(showing, kind=kind)) for kind in KINDS
            )
            for name in NAMES:
                assert np.array_equal(fast[name], plain[name]), name
            assert fast[NAMES[-1]].any()


def test_a_response_depends_on_nothing_but_its_stimulus() -> None:
    subject = subject_of(resnet(stem="cifar"))
    images = noise_images(9, subject.input_shape)
    whole = subject.responses(images, SOME)

    for count in (1, 4):
        parts = [
            subject.responses(images[start : start + count], SOME) for start in range(0, 9, count)
        ]
        for name in SOME:
            assert np.array_equal(np.concatenate([part[name] for part in parts]), whole[name])
    deepest = subject.responses(images, {"layer2.0.sn2": [5, 2, 0, 7, 1]})
    assert np.array_equal(deepest["layer2.0.sn2"], whole["layer2.0.sn2"])
    assert {name: rates.shape for name, rates in subject.responses(images[:0], SOME).items()} == {
        "layer2.0.sn2": (0, 5), "sn1": (0, 3), "layer1.0.sn1": (0, 4),
    }  # fmt: skip


def test_sequences_of_frames_are_shown_frame_by_frame() -> None:
    subject = subject_of(resnet(time_steps=4))
    images = noise_images(3, subject.input_shape)
    still = subject.responses(images, SOME)

    repeated = subject.responses(np.repeat(images[:, None], 2, axis=1), SOME)
    moving = subject.responses(np.stack([images, images[::-1]], axis=1), SOME)

    assert all(np.array_equal(repeated[name], still[name]) for name in SOME)
    assert not np.array_equal(moving["sn1"], still["sn1"])


def test_it_stops_at_the_deepest_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    network = resnet()
    respond = subject_of(network).responder(SOME, Showing(unit="centre"))
    whole = subject_of(network).responder(SOME, Showing())
    monkeypatch.setattr(network, "layer3", None)

    respond(noise_images(2, (3, 16, 16)))

    lines = whole.describe()
    assert lines[5].startswith("layer2.0.sn1: layered: ")
    assert lines[5].endswith("neurons in one scan")
    assert lines[7:] == ["what stands behind layer2.0.sn2: left out"]


def test_what_the_faster_way_does_not_serve_goes_by_torchs_layers() -> None:
    subject = subject_of(resnet(blocks=(1,)))
    neurons = {"layer1.0.sn2": [0]}

    def plan(**fields: Any) -> list[str]:
        return subject.responder(neurons, Showing(**fields)).describe()

    for fields, reason in (
        ({"unit": "centre"}, "one position of each map is read"),
        ({"reading": LatencyReading()}, "latency reads whole spike trains"),
    ):
        assert plan(**fields)[2] == (
            f"layer1.0.sn2: torch's layers, 51 images over all time steps at once ({reason})"
        )
    assert plan(kind="plain") == ["all layers: plain loop; kind is 'plain'"]


def test_images_at_once_are_bounded_by_memory_and_frames() -> None:
    layers = {"sn1": LayerInfo(64, (32, 32)), "a": LayerInfo(512, ())}

    assert images_at_once(layers, 20, Showing()) == 12
    assert images_at_once(layers, 20, Showing(8)) == 8
    assert images_at_once(layers, 20, Showing(memory=2**27)) == 4
    assert images_at_once(layers, 500, Showing(memory=1)) == 1


def test_mistakes_are_named() -> None:
    network = resnet()
    subject = subject_of(network)

    with pytest.raises(ValueError, match="layers names 'layer9'"):
        subject.responder({"layer9": [0]}, Showing())
    for row in ([4], [-1], []):
        with pytest.raises(ValueError, match=r"neurons of layer 'sn1' are .* one of 0 to 3"):
            subject.responder({"sn1": row}, Showing())
    with pytest.raises(ValueError, match="batch_size is 0"):
        subject.responder({"sn1": [0]}, Showing(0))
    with pytest.raises(ValueError, match="images have shape"):
        subject.responses(noise_images(2, (3, 8, 8)), {"sn1": [0]})
    network.train()
    with pytest.raises(ValueError, match=r"call network\.eval\(\) first"):
        subject.responder({"sn1": [0]}, Showing())
    network.eval().bn1.running_var = torch.tensor(float("nan")).expand(4)
    with pytest.raises(ValueError, match=r"bn1\.running_var holds NaN"):
        subject.responder({"sn1": [0]}, Showing())
    with pytest.raises(ValueError, match=r"bn1\.running_var holds NaN"):
        subject.check()
