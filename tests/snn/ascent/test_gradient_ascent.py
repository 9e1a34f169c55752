"""Surrogate-gradient ascent: its slopes, its books, and that it climbs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spikeatlas.snn.ascent import AscentOptions, Climber, CodePath, ascend, make_climber
from spikeatlas.snn.generators import CodeGenerator, VQVAESpec
from spikeatlas.snn.generators.vqvae import build_vqvae
from spikeatlas.snn.life import DriveResponder, drives
from spikeatlas.snn.networks import NetworkSite, NetworkSpec
from spikeatlas.snn.neurons import DsrIfSpec, NeuronSpec
from spikeatlas.snn.responder import Responder
from tests.snn.own_layers import Heaviside, Ternary

SITE = NetworkSite((1, 8, 8), 3, mean=(0.4,), std=(0.1,), seed=2)


@pytest.fixture(scope="module")
def generator() -> CodeGenerator:
    spec = VQVAESpec(positions=4, codes=12, embedding=4, width=8)
    network = build_vqvae(spec, (1, 8, 8), torch.Generator().manual_seed(0))
    torch.nn.init.normal_(network.codebook, generator=torch.Generator().manual_seed(1))
    return network.eval().requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def climber(generator: CodeGenerator) -> Climber:
    spec = NetworkSpec(channels=(4,), hidden=(8,), time_steps=8)
    network = spec.build(SITE).requires_grad_(requires_grad=False)
    return make_climber(generator, network, "conv1", [0, 2, 3])


def responses(climber: Climber, codes: np.ndarray) -> np.ndarray:
    """What the responder says of each neuron's own codes."""
    stimuli = climber.path.generator.decode(codes)
    every = Responder(climber.network, ["conv1"])(stimuli)["conv1"]
    return every[np.arange(3), climber.neurons.numpy()]


@pytest.mark.parametrize("way", ["relaxed", "swap"])
def test_it_climbs_and_tells_the_truth(climber: Climber, way: str) -> None:
    options = AscentOptions(way, restarts=2, lr=0.3)  # type: ignore[arg-type]
    codes, history = ascend(climber, options, budget=40, seed=0)
    assert history.shape == (3, 40)
    assert (np.diff(history, axis=1) >= 0).all()
    assert np.allclose(responses(climber, codes), history[:, -1], atol=1e-5)
    rng = np.random.default_rng(0)
    drawn = np.stack([responses(climber, rng.integers(12, size=(3, 4))) for _ in range(20)])
    assert (history[:, -1] >= drawn.mean(axis=0)).all()
    assert history[:, -1].sum() > drawn.mean(axis=0).sum()


def test_drives_are_climbed_too(climber: Climber, generator: CodeGenerator) -> None:
    driven = make_climber(generator, climber.network, "conv1", [0, 2, 3], drives)
    assert driven.climbs
    codes, history = ascend(driven, AscentOptions("relaxed", restarts=2, lr=0.3), budget=40, seed=0)
    respond = DriveResponder(climber.network, {"conv1": [0, 2, 3]})
    answers = np.diagonal(respond(generator.decode(codes))["conv1"])
    np.testing.assert_allclose(answers, history[:, -1], rtol=1e-5)


def test_spikes_without_a_gradient_are_not_climbed(generator: CodeGenerator) -> None:
    neuron = Heaviside("tests.snn.own_layers:Heaviside")
    spec = NetworkSpec(channels=(), hidden=(8, 6), time_steps=8, neuron=neuron)
    network = spec.build(SITE).requires_grad_(requires_grad=False)
    assert make_climber(generator, network, "fc1", [0], drives).climbs
    assert not make_climber(generator, network, "fc2", [0], drives).climbs


def test_a_step_costs_two_images(climber: Climber) -> None:
    _, history = ascend(climber, AscentOptions("relaxed", restarts=1), budget=10, seed=0)
    changes = np.flatnonzero(np.diff(history, axis=1).any(axis=0)) + 1
    assert (changes % 2 == 0).all()
    assert not np.isnan(history).any()


def test_same_seed_same_climb(climber: Climber) -> None:
    first, second = (ascend(climber, AscentOptions(), budget=20, seed=3)[0] for _ in range(2))
    assert np.array_equal(first, second)


def test_slopes_point_uphill(climber: Climber) -> None:
    codes = torch.randint(12, (3, 4), generator=torch.Generator().manual_seed(5))
    _, slopes = climber.slopes(codes)
    assert slopes.shape == (3, 4, 4)
    assert slopes.abs().sum() > 0


@pytest.mark.parametrize(
    "neuron", [Ternary("tests.snn.own_layers:Ternary"), DsrIfSpec(threshold=0.5)], ids=repr
)
def test_spikes_count_one_whatever_their_height_and_sign(
    generator: CodeGenerator, neuron: NeuronSpec
) -> None:
    spec = NetworkSpec(channels=(4,), hidden=(8,), time_steps=8, neuron=neuron)
    network = spec.build(SITE).requires_grad_(requires_grad=False)
    climber = make_climber(generator, network, "conv1", [0, 2, 3])
    assert isinstance(climber.path, CodePath)
    codes = torch.randint(12, (3, 4), generator=torch.Generator().manual_seed(5))

    response, _ = climber.slopes(codes)

    assert np.allclose(responses(climber, codes.numpy()), response, atol=1e-5)
    assert response.abs().max() > 0.5
