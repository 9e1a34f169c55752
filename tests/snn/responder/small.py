"""Small networks and pictures of every kind, and the check that everything rests on."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from spikeatlas.snn.networks import NetworkSite, NetworkSpec, SpikingLayer, SpikingNetwork
from spikeatlas.snn.neurons.leaky import LeakyNeuron
from spikeatlas.snn.responder.plain import PlainResponder, Responses
from spikeatlas.snn.responder.responder import Responder
from spikeatlas.snn.responder.train_tables import NeuronKind
from spikeatlas.snn.responder.ways import WAYS

Images = npt.NDArray[np.uint8]
Shape = tuple[int, int, int]
KINDS = ("natural", "noise", "black", "white")
# "Spikes" are neurons times time steps times positions, as in the definition of a response.
TOLERANCE = 1e-5


def network(
    shape: Shape = (1, 8, 8), *, classes: int = 5, seed: int = 0, gain: float = 1.5, **spec: Any
) -> SpikingNetwork:
    """An untrained network whose neurons are lively: weights times ``gain``, biases around 0."""
    mean, std = (0.4,) * shape[0], (0.3,) * shape[0]
    made = NetworkSpec(**spec).build(NetworkSite(shape, classes, mean, std, seed))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in made:
            layer.operator.weight.mul_(gain)
            size = layer.operator.bias.shape if layer.operator.bias is not None else (0,)
            if layer.operator.bias is not None:
                layer.operator.bias.copy_(torch.randn(size, generator=generator) * 0.2)
    return made


def with_neurons(made: SpikingNetwork, *, kinds: int, seed: int = 0) -> SpikingNetwork:
    """The same network with its own decay and threshold for every neuron, of ``kinds`` pairs."""
    generator = torch.Generator().manual_seed(seed)
    for layer in made:
        pick = torch.randint(kinds, (layer.size,), generator=generator)
        beta = torch.linspace(0.5, 1.0, kinds)[pick]
        threshold = torch.linspace(0.6, 1.4, kinds)[pick]
        each = (-1, 1, 1) if isinstance(layer.operator, nn.Conv2d) else (-1,)
        reset = leaky(layer).reset_mechanism
        layer.neuron = LeakyNeuron(beta.view(each), threshold.view(each), reset)
    return made


def leaky(layer: SpikingLayer) -> LeakyNeuron:
    """The leaky neurons of a layer."""
    assert isinstance(layer.neuron, LeakyNeuron)
    return layer.neuron


def leaky_kind(beta: float, threshold: float, *, zero: bool) -> NeuronKind:
    """One kind of leaky neurons, as tables of their trains know it."""
    codes = (0, 0, 2 if zero else 1, 1, 0, 0)
    return NeuronKind(codes, (beta, 1.0, 0.0, threshold, 0.0, 0.0, threshold, 0.0))


def custom(
    layers: list[SpikingLayer], shape: Shape, time_steps: int, seed: int = 0
) -> SpikingNetwork:
    """A network of given layers, their weights drawn anew."""
    generator = torch.Generator().manual_seed(seed)
    for layer in layers:
        nn.init.kaiming_uniform_(layer.operator.weight, generator=generator)
        if layer.operator.bias is not None:
            nn.init.normal_(layer.operator.bias, std=0.2, generator=generator)
    return SpikingNetwork(
        layers,
        input_shape=shape,
        time_steps=time_steps,
        coding="current",
        mean=torch.full((shape[0],), 0.4),
        std=torch.full((shape[0],), 0.3),
    )


def pictures(kind: str, shape: Shape, count: int, seed: int = 0) -> Images:
    """Pictures uint8 (count, c, h, w): digits scaled up, noise, all black, or all white."""
    if kind == "black":
        return np.zeros((count, *shape), np.uint8)
    if kind == "white":
        return np.full((count, *shape), 255, np.uint8)
    generator = np.random.default_rng(seed)
    if kind == "noise":
        return generator.integers(0, 256, (count, *shape), dtype=np.uint8)
    digits = torch.from_numpy(load_digits().images[:count]).float()[:, None]
    scaled = nn.functional.interpolate(digits, shape[1:], mode="bilinear")
    grey = (scaled * 255 / 16).round().clamp(0, 255).to(torch.uint8).numpy()
    return np.ascontiguousarray(np.repeat(grey, shape[0], axis=1))


@dataclasses.dataclass(frozen=True)
class Difference:
    """How far two sets of responses are apart."""

    spikes: int
    """Spikes in the difference of the counts."""
    of: int
    """Neurons times time steps times positions."""

    @property
    def share(self) -> float:
        """Share of spikes that differ, at least."""
        return self.spikes / max(1, self.of)


def difference(made: SpikingNetwork, found: Responses, expected: Responses) -> Difference:
    """Compare responses of whole layers or of the same neurons."""
    spikes, total = 0, 0
    for name in expected:
        assert found[name].shape == expected[name].shape
        assert found[name].dtype == np.float32
        steps = made.time_steps * positions(made, name)
        gap = np.abs(found[name].astype(np.float64) - expected[name]) * steps
        spikes += int(np.rint(gap).sum())
        total += expected[name].size * steps
    return Difference(spikes, total)


def positions(made: SpikingNetwork, layer: str) -> int:
    """Positions of a layer's map."""
    maps = torch.zeros(1, *made.input_shape)
    with torch.no_grad():
        for part in made.upto([layer]):
            maps = part.currents(maps)
    return int(np.prod(maps.shape[2:]))


def compare(
    made: SpikingNetwork,
    images: Images,
    layers: tuple[str, ...] | None = None,
    *,
    batch_size: int = 16,
    **options: Any,
) -> Difference:
    """Difference between the fast responder and the plain loop."""
    wanted = layers or made.layers
    fast = Responder(made, wanted, batch_size=batch_size, **options)(images)
    plain = PlainResponder(made, wanted, batch_size=batch_size)(images)
    neurons = options.get("neurons") or {}
    picked = {name: plain[name][:, neurons.get(name, slice(None))] for name in wanted}
    return difference(made, fast, picked)


def prefer(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let these ways cost nothing, so that they are chosen wherever they are possible."""
    for name, way in WAYS.items():
        cost = 0.0 if name in names else 1e12
        monkeypatch.setattr(way, "cost", lambda *_, cost=cost, **__: cost)
