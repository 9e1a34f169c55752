"""Populations of output neurons: how they are read, and all that once took an output neuron for a class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch import nn

from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.networks import DECODINGS, PopulationDecoding, SpikingNetwork
from spikeatlas.snn.networks.decodings.population_decoding import PopulationReadout
from spikeatlas.snn.neurons import IntraLayerNeuron
from spikeatlas.snn.responder import Responder
from spikeatlas.snn.subjects import ChainSpec, ChainSubject, ResNetSpec, Showing
from spikeatlas.snn.training import CheckpointHeader, load_network
from spikeatlas.snn.training.checkpoints import save_network
from tests.snn.nets import network, noise_images

HEAD = {"kind": "population", "size": 3, "links": "full", "read": "membrane"}


def headed(**fields: Any) -> SpikingNetwork:
    """A small network with a population of 3 for each of 10 classes, whose links are strong."""
    net = network(threshold=0.3, decoding=HEAD, neuron="clif", **fields).eval()
    neurons = list(net)[-1].neuron
    assert isinstance(neurons, IntraLayerNeuron)
    assert neurons.weight is not None
    neurons.weight.data.mul_(4)
    return net


def test_a_rate_is_the_mean_count_of_the_population() -> None:
    decoding = PopulationDecoding(size=2)
    spikes = torch.zeros((4, 1, 6))
    spikes[:, 0, 0], spikes[0, 0, 1], spikes[:2, 0, 5] = 1, 1, 1

    assert decoding.readout(3, 4)(spikes).tolist() == [[2.5, 0, 1]]


def test_a_membrane_integrates_to_the_last_step() -> None:
    readout = PopulationReadout(classes=3, size=2)
    spikes = (torch.rand((5, 7, 6), generator=torch.Generator().manual_seed(0)) > 0.5).float()

    membrane = torch.zeros((7, 3))
    for step in spikes:
        membrane = membrane + (step.view(7, 3, 2) * readout.weight).sum(2) + readout.bias

    torch.testing.assert_close(readout(spikes), membrane)


@pytest.mark.parametrize("coding", ["current", "poisson"])
def test_classes_are_read_and_all_output_neurons_are_probed(coding: str) -> None:
    net = headed(coding=coding)
    images, key = noise_images(5), CodingKey(seed=0, checkpoint="", purpose="test")
    subject = ChainSubject(net)
    inputs = encode(net, images, key)

    assert net.sizes["out"] == subject.layers["out"].neurons == 30
    assert subject.classes == net.classes == 10
    outputs = net(inputs)
    assert outputs.shape == (8, 5, 30)
    assert torch.equal(net.unroll(inputs), outputs)
    scores = subject.scores(images, Showing(key=key))
    assert scores.shape == (5, 10)
    np.testing.assert_allclose(scores, net.scores(outputs).detach(), atol=1e-5)
    rates = Responder(net, ["fc1", "out"], key=key)(images)
    np.testing.assert_allclose(rates["out"], outputs.mean(0).detach())
    plain = Responder(net, ["fc1", "out"], key=key, kind="plain")(images)
    assert all(np.array_equal(plain[name], rates[name]) for name in rates)


def test_a_silent_output_neuron_is_silent_for_its_population_too() -> None:
    subject, images, showing = ChainSubject(headed()), noise_images(6), Showing()

    scores = subject.scores_without(images, {"fc1": (2,), "out": (1, 29)}, showing)

    whole = subject.scores(images, showing)
    for layer, neurons in (("fc1", (2,)), ("out", (1, 29))):
        assert scores[layer].shape == (len(neurons), 6, 10)
        for row, neuron in zip(scores[layer], neurons, strict=True):
            alone = subject.silenced(layer, neuron).scores(images, showing)
            np.testing.assert_allclose(row, alone, atol=1e-5)
    # no population but its own is changed
    assert np.array_equal(scores["out"][1][:, :9], whole[:, :9])
    assert (scores["out"] != whole).any(axis=(1, 2)).all()
    # its neighbours fire otherwise: the membrane alone would not be the same without its spikes
    net = subject.network
    spikes = net(net.normalise(torch.from_numpy(images))[None])
    spikes[:, :, 1] = 0
    assert not np.allclose(scores["out"][0], net.scores(spikes).detach())


def test_the_checkpoint_holds_links_and_readout(tmp_path: Path) -> None:
    spec = ChainSpec(
        channels=(4, 6),
        hidden=(8,),
        time_steps=8,
        threshold=0.3,
        neuron="clif",  # type: ignore[arg-type]
        decoding=HEAD,  # type: ignore[arg-type]
    )
    net, header = headed(), CheckpointHeader(0.0, 0, 0, 0.1, 2.3, "s")
    save_network(tmp_path / "epoch-0.safetensors", net, header)

    loaded = load_network(tmp_path / "epoch-0.safetensors", spec, (1, 8, 8), 10)

    assert spec.layer_infos((1, 8, 8), 10)["out"].neurons == 30
    names = {name for name, _ in loaded.named_parameters()}
    assert {"readout.weight", "readout.bias", "stages.3.neuron.weight"} <= names
    inputs = net.normalise(torch.from_numpy(noise_images(4)))[None]
    assert torch.equal(loaded.scores(loaded(inputs)), net.scores(net(inputs)))
    other = ChainSpec(channels=(4, 6), hidden=(8,), time_steps=8, threshold=0.3)
    with pytest.raises(ValueError, match="does not fit the study's network"):
        load_network(tmp_path / "epoch-0.safetensors", other, (1, 8, 8), 10)


def test_building_it_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)

    first, second = headed(), headed()
    ChainSpec(neuron="backei", decoding=HEAD).layer_infos((1, 8, 8), 10)  # type: ignore[arg-type]

    assert torch.equal(torch.rand(3), expected)
    pairs = zip(first.parameters(), second.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"decoding": HEAD, "time_steps": 1}, "links are full, but one time step has no spikes"),
        (
            {"decoding": {**HEAD, "links": "no-self", "size": 1}},
            "decoding: links are no-self, but a population of size 1 has no other neuron to link",
        ),
        ({"decoding": {**HEAD, "links": "ful"}}, "no-lateral"),
        ({"decoding": HEAD, "neuron": "dsr-if"}, "dsr-if neurons learn over the whole sequence"),
        ({"decoding": "population", "neuron": "dsr-lif"}, "which population counts alike"),
        ({"neuron": "backei", "channels": ()}, "neuron: the gates of backei are convolutions"),
    ],
)
def test_what_does_not_fit_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        TypeAdapter(ChainSpec).validate_python(fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"decoding": {**HEAD, "links": "bias"}, "time_steps": 1},
        {"decoding": {**HEAD, "size": 1}},
        {"decoding": {**HEAD, "links": "bias"}, "neuron": "dsr-if"},
        {"neuron": {"kind": "backei", "back": False, "ei": False}, "channels": ()},
    ],
    ids=str,
)
def test_what_fits_is_taken(fields: dict[str, Any]) -> None:
    assert TypeAdapter(ChainSpec).validate_python(fields)


@pytest.mark.parametrize("decoding", ["population", "membrane"])
def test_a_resnet_has_no_output_neurons_to_decode(decoding: str) -> None:
    with pytest.raises(
        ValidationError, match=f"decoding: {decoding} has output neurons or weights"
    ):
        TypeAdapter(ResNetSpec).validate_python({"decoding": decoding})
    assert DECODINGS.read("mean").plain
    assert isinstance(DECODINGS.read(HEAD).readout(10, 8), nn.Module)
