from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.data import Digits, load_data
from spikeatlas.snn.networks import ResNetArchitecture
from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects import SUBJECTS, ResNetSpec, ResNetSubject
from tests.snn.nets import noise_images
from tests.snn.resnets import inputs, resnet
from tests.snn.subjects.residual.resnet_subjects import subject_of

LAYERS = ("layer4.1.sn2", "sn1", "layer2.0.sn1", "layer1.1.sn2")


def test_scores_are_the_decoded_outputs() -> None:
    network = resnet(stem="cifar")
    scores = subject_of(network).scores(noise_images(4, (3, 16, 16)), Showing(3))

    assert scores.shape == (4, 10)
    with torch.no_grad():
        wanted = network.scores(network(inputs(network)))
    np.testing.assert_allclose(scores, wanted.double().numpy(), rtol=1e-5, atol=1e-6)
    assert subject_of(network).scores(noise_images(0, (3, 16, 16)), Showing()).shape == (0, 10)


def test_scores_of_spike_trains_are_means_over_showings() -> None:
    subject = subject_of(resnet(coding="poisson"))
    images, key = noise_images(3, subject.input_shape), CodingKey(0, "a", "test")

    both = subject.scores(images, Showing(key=key, presentations=2))

    single = [subject.scores(images, Showing(key=key.shifted(number))) for number in range(2)]
    np.testing.assert_allclose(both, (single[0] + single[1]) / 2)
    assert not np.array_equal(single[0], single[1])


@pytest.mark.parametrize("fields", [{"stem": "imagenet"}, {"coding": "poisson"}], ids=str)
def test_silencing_by_prefix_equals_networks_without_the_neuron(fields: dict[str, Any]) -> None:
    subject = subject_of(resnet(**fields))
    images = noise_images(5, subject.input_shape)
    showing = Showing(2, CodingKey(0, "a", "test"))

    rates = subject.responses(images, dict.fromkeys(LAYERS, range(4)), showing)
    # those that respond most, so that their silence is noticed
    neurons = {layer: np.argsort(-rates[layer].sum(0))[:2].tolist() for layer in LAYERS}

    scores = subject.scores_without(images, neurons, showing)

    intact = subject.scores(images, showing)
    assert list(scores) == list(LAYERS)
    for layer, indices in neurons.items():
        for row, neuron in zip(scores[layer], indices, strict=True):
            silent = subject.silenced(layer, neuron)
            assert np.array_equal(row, silent.scores(images, showing))
            assert not np.array_equal(row, intact)
            answers = silent.responses(images, {layer: range(4)}, showing)[layer]
            others = [other for other in range(4) if other != neuron]
            assert not answers[:, neuron].any()
            assert np.array_equal(answers[:, others], rates[layer][:, others])
    assert np.array_equal(subject.scores(images, showing), intact)


def test_neurons_that_are_not_there_cannot_be_silenced() -> None:
    subject = subject_of(resnet())
    for call in (subject.silenced, lambda layer, neuron: subject.scores_without(
        noise_images(1, (3, 16, 16)), {layer: [neuron]}, Showing()
    )):  # fmt: skip
        with pytest.raises(ValueError, match="has no neuron 4 to silence: give one of 0 to 3"):
            call("sn1", 4)
        with pytest.raises(ValueError, match="layers names 'sn3'"):
            call("sn3", 0)


def spec(**fields: Any) -> ResNetSpec:
    read = SUBJECTS.read(
        {"kind": "resnet", "width": 4, "blocks": [1, 1], "stem": "cifar", "time_steps": 4, **fields}
    )
    assert isinstance(read, ResNetSpec)
    return read


def test_a_study_names_it_in_a_line(tmp_path: Path) -> None:
    source = spec().source(load_data(Digits(limit=60)), tmp_path)

    assert list(source.layers) == [
        "sn1", "layer1.0.sn1", "layer1.0.sn2", "layer2.0.sn1", "layer2.0.sn2",
    ]  # fmt: skip
    assert source.layers["layer2.0.sn1"].map == (4, 4)
    assert (source.time_steps, source.classes, source.stochastic) == (4, 10, False)
    assert source.lacks == source.example().lacks == ("gradients",)
    example = source.example()
    assert isinstance(example, ResNetSubject)
    assert example.layers == source.layers
    assert spec(coding="poisson").stochastic
    assert spec().trained_here
    assert not spec(checkpoints=tmp_path).trained_here
    assert spec().architecture.layer_shapes((1, 8, 8)) == ResNetArchitecture(
        blocks=(1, 1), width=4, stem="cifar"
    ).layer_shapes((1, 8, 8))


def test_a_field_that_is_not_there_is_told_with_the_near_ones() -> None:
    with pytest.raises(ValueError, match=r"no such field \(did you mean width\?\)"):
        spec(widht=4)
