"""Weights from elsewhere: the tensors and the header that a file needs."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import snntorch as snn
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from spikeatlas.snn.networks import NetworkSite, SpikingNetwork
from spikeatlas.snn.neurons import ATan
from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects import ChainSpec
from spikeatlas.snn.training import epoch_path, load_network, read_header

SPEC = ChainSpec(channels=(3,), hidden=(), time_steps=6)
IMAGES = np.random.default_rng(0).integers(0, 256, (5, 1, 8, 8), dtype=np.uint8)


def snntorch_network() -> nn.Sequential:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), nn.MaxPool2d(2), snn.Leaky(beta=0.9), nn.Flatten(),
        nn.Linear(48, 10), snn.Leaky(beta=0.9),
    )  # fmt: skip
    state = network.state_dict()
    network.load_state_dict(
        {name: 4 * state[name] if "weight" in name else state[name] for name in state}
    )
    return network


def tensors(network: nn.Sequential) -> dict[str, Tensor]:
    state = network.state_dict()
    names = {"0": "stages.0.operator", "4": "stages.1.operator"}
    weights = {
        f"{new}.{part}": state[f"{old}.{part}"]
        for old, new in names.items()
        for part in ("weight", "bias")
    }
    return {"mean": torch.zeros(1), "std": torch.ones(1), **weights}


def counts(network: nn.Sequential) -> Tensor:
    """Output spikes (n, 10), as snnTorch's loop counts them."""
    pixels = torch.from_numpy(IMAGES).float() / 255
    first, last = network[2], network[5]
    assert isinstance(first, snn.Leaky)
    assert isinstance(last, snn.Leaky)
    one, two = first.init_leaky(), last.init_leaky()
    total = torch.zeros(len(IMAGES), 10)
    for _ in range(SPEC.time_steps):
        spikes, one = first(network[1](network[0](pixels)), one)
        spikes, two = last(network[4](network[3](spikes)), two)
        total += spikes
    return total


def test_the_weights_of_an_snntorch_network_answer_as_it_does(tmp_path: Path) -> None:
    network = snntorch_network()
    save_file(tensors(network), epoch_path(tmp_path, 0))
    loaded = load_network(epoch_path(tmp_path, 0), SPEC, (1, 8, 8), 10)
    assert isinstance(loaded, SpikingNetwork)
    scores = SPEC.subject(loaded).scores(IMAGES, Showing(4))
    assert np.array_equal(scores, counts(network).detach().numpy())
    assert scores.any()


def test_spikes_have_the_gradient_that_is_asked_for(tmp_path: Path) -> None:
    file = epoch_path(tmp_path, 1)
    save_file(tensors(snntorch_network()), file)
    slopes = []
    for surrogate in (None, ATan(alpha=3.0)):
        further = () if surrogate is None else (surrogate,)
        network = load_network(file, SPEC, (1, 8, 8), 10, *further)
        pixels = torch.from_numpy(IMAGES).float().requires_grad_()
        network.scores(network(network.normalise(pixels)[None])).square().sum().backward()
        slopes.append(pixels.grad)
    first, second = slopes
    assert first is not None
    assert second is not None
    assert not torch.equal(first, second)


def test_a_header_is_not_needed(tmp_path: Path) -> None:
    path = epoch_path(tmp_path, 2.5)
    save_file(tensors(snntorch_network()), path)
    header = read_header(path)
    assert (header.epoch, header.step, header.images_seen, header.study) == (2.5, -1, -1, "")
    assert math.isnan(header.accuracy)
    assert math.isnan(header.loss)
    save_file(tensors(snntorch_network()), path, {"accuracy": "0.75", "step": "7"})
    header = read_header(path)
    assert (header.accuracy, header.step) == (0.75, 7)
    save_file(tensors(snntorch_network()), path, {"accuracy": "good"})
    with pytest.raises(ValueError, match=r"no usable header .*good.*: leave the field out, or"):
        read_header(path)


def test_what_does_not_fit_is_named_with_the_page_that_helps(tmp_path: Path) -> None:
    path = epoch_path(tmp_path, 0)
    save_file(dict(snntorch_network()[0].state_dict()), path)
    with pytest.raises(ValueError, match="does not fit") as caught:
        load_network(path, SPEC, (1, 8, 8), 10)
    for words in (
        "stages.0.operator.weight of shape (3, 1, 3, 3) is missing",
        "mean of shape (1,) is missing",
        "bias is not in the network",
        "docs/networks.md",
    ):
        assert words in str(caught.value)
    assert "threshold" not in str(caught.value)


def test_neurons_that_the_study_describes_otherwise_are_refused(tmp_path: Path) -> None:
    path = epoch_path(tmp_path, 0)
    save_file({**tensors(snntorch_network()), "stages.0.neuron.beta": torch.tensor(0.5)}, path)
    with pytest.raises(ValueError, match=r"stages\.0\.neuron\.beta is 0\.5, not 0\.8"):
        load_network(path, SPEC, (1, 8, 8), 10)


def test_the_form_of_a_network_is_that_of_its_own_files(tmp_path: Path) -> None:
    network = SPEC.build(NetworkSite((1, 8, 8), 10, [0.0], [1.0], seed=0))
    save_file(dict(network.state_dict()), epoch_path(tmp_path, 0))
    load_network(epoch_path(tmp_path, 0), SPEC, (1, 8, 8), 10)


@pytest.mark.parametrize(
    ("trained", "probed", "words"),
    [
        ("hah", "none", r"norm\.parts\.2\.keep is not in the network"),
        ("hah", {"kind": "hah", "keep": 0.5}, r"norm\.parts\.2\.keep is 0\.2.*, not 0\.5"),
        ("divisive", {"kind": "divisive", "field": "l2"}, r"norm\.field_number is 0\.0, not 2\.0"),
        ("weight-l2", "none", r"norm\.eps is not in the network"),
    ],
)
def test_a_normalisation_without_weights_is_not_left_out_unnoticed(
    tmp_path: Path, trained: Any, probed: Any, words: str
) -> None:
    site, path = NetworkSite((1, 8, 8), 10, [0.0], [1.0], seed=0), epoch_path(tmp_path, 0)
    save_file(dict(replace(SPEC, bias=False, norm=trained).build(site).state_dict()), path)
    load_network(path, replace(SPEC, bias=False, norm=trained), (1, 8, 8), 10)
    with pytest.raises(ValueError, match=words):
        load_network(path, replace(SPEC, bias=False, norm=probed), (1, 8, 8), 10)
