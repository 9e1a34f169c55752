"""The speed of responses of networks of each kind of neuron, normalisation and coding: against the plain loop, in one run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from spikeatlas.flows.benchmark.reference_network import natural_images
from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.generators.base import Images
from spikeatlas.snn.networks import (
    NetworkSite,
    NetworkSpec,
    SpikingLayer,
    SpikingNetwork,
    pixel_statistics,
)
from spikeatlas.snn.responder import PlainResponder, Responder
from spikeatlas.tasks.workers.process import one_thread

TIME_STEPS = 16
BATCH = 256
_KEY = CodingKey(0, "benchmark", "report")
_RATE = 0.12
"""Spikes a step and position that layers are set to, as trained ones fire on natural images."""
_SETTLING, _FEW = 12, 16
"""Passes that set statistics of normalisations, and images of each."""
_DOUBLINGS = 8.0


class NetworkKind(NamedTuple):
    """A network of two convolutions, a hidden layer and an output."""

    name: str
    fields: dict[str, Any]
    """Of ``network`` in a study, beside its size."""


_BARE = {"bias": False}
KINDS = (
    NetworkKind("leaky", {}),
    NetworkKind("leaky, reset to zero", {"reset": "zero"}),
    NetworkKind("leaky, average pool", {"pool": "average"}),
    NetworkKind("lif", {"neuron": "lif"}),
    NetworkKind("lif, input not decayed", {"neuron": {"kind": "lif", "decay_input": False}}),
    NetworkKind("dsr-if", {"neuron": "dsr-if", "pool": "average"}),
    NetworkKind("dsr-lif", {"neuron": "dsr-lif", "pool": "average", "decoding": "weighted-rate"}),
    NetworkKind("clif", {"neuron": "clif", "threshold": 0.5}),
    NetworkKind("batch", {"norm": "batch", **_BARE}),
    NetworkKind(
        "bntt",
        {
            "norm": "bntt",
            "pool": "average",
            "coding": "signed-poisson",
            "decoding": "membrane",
            **_BARE,
        },
    ),
    NetworkKind("bntt, constant current", {"norm": "bntt", "pool": "average", **_BARE}),
    NetworkKind("hah", {"norm": ("hah", "hah", "none", "none"), **_BARE}),
    NetworkKind("weight-l2", {"norm": "weight-l2", **_BARE}),
    NetworkKind("divisive", {"norm": "divisive", **_BARE}),
    NetworkKind("sparsify", {"norm": "sparsify", **_BARE}),
    NetworkKind("poisson", {"coding": "poisson"}),
    NetworkKind("signed-poisson", {"coding": "signed-poisson"}),
    NetworkKind("integrate-and-fire", {"coding": "integrate-and-fire"}),
    NetworkKind("first-step", {"coding": "first-step"}),
    NetworkKind("read by membranes", {"decoding": "membrane"}),
    NetworkKind("population", {"decoding": "population"}),
    NetworkKind(
        "clif, linked population",
        {"neuron": "clif", "threshold": 0.5, "decoding": {"kind": "population", "links": "full"}},
    ),
    NetworkKind("backei", {"neuron": "backei"}),
)
"""What is timed, a line each."""


def time_kinds(images: Path | None = None, rounds: int = 1) -> Iterator[str]:
    """Yield a line for each kind; ``images``: a folder of natural ones, 1/f pictures if left out."""
    one_thread()
    natural = natural_images(images)
    yield f"T = {TIME_STEPS}, batch {BATCH}, one thread, all layers; seconds of this process, median of {rounds}"
    for kind in KINDS:
        yield kind_line(kind, natural, rounds)


def kind_line(kind: NetworkKind, natural: Images, rounds: int) -> str:
    """Time one kind, and say what differs between both ways, and by which ways layers were computed."""
    network = lively_network(kind, natural)
    fast = Responder(network, network.layers, batch_size=BATCH, key=_KEY)
    plain = PlainResponder(network, network.layers, batch_size=BATCH, key=_KEY)
    fast(natural[:BATCH])
    seconds: dict[str, list[float]] = {"fast": [], "plain": []}
    for _ in range(rounds):
        for name, respond in (("fast", fast), ("plain", plain)):
            began = time.process_time()
            responses = respond(natural[:BATCH])
            seconds[name].append(time.process_time() - began)
    ratio = median(
        slow / quick for slow, quick in zip(seconds["plain"], seconds["fast"], strict=True)
    )
    gap = max(
        float(np.abs(rates - responses[name]).max())
        for name, rates in fast(natural[:BATCH]).items()
    )
    rates = " ".join(f"{row.mean():.2f}" for row in responses.values())
    ways = ", ".join(plan.way for plan in fast.plan.layers)
    return (
        f"{kind.name:26} {ratio:5.1f} x the plain loop ({median(seconds['fast']):.3f} s); "
        f"largest difference of a response {gap:.1e}; responses {rates}; by {ways}"
    )


def lively_network(kind: NetworkKind, natural: Images) -> SpikingNetwork:
    """Build an untrained network whose layers fire about as trained ones do."""
    mean, std = pixel_statistics(natural)
    shape = natural.shape[1:]
    spec = NetworkSpec(time_steps=TIME_STEPS, **kind.fields)
    network = spec.build(NetworkSite((shape[0], shape[1], shape[2]), 10, mean, std, 0))
    _enliven(network.eval(), natural[:_FEW])
    return network


@torch.no_grad()
def _enliven(network: SpikingNetwork, images: Images) -> None:
    inputs = encode(network, images, _KEY)
    for layer in network:
        if layer.norm is not None:
            layer.norm.train()
            for _ in range(_SETTLING):
                layer(inputs, network.time_steps)
            layer.norm.eval()
        if layer.neuron.spiking:
            _set_gain(layer, inputs, network.time_steps)
        inputs = layer(inputs, network.time_steps)


def _set_gain(layer: SpikingLayer, inputs: Tensor, time_steps: int) -> None:
    """Scale weights so that the layer fires, by halving the range of the logarithm; a normalisation may undo that."""
    weight, low, high = layer.operator.weight.clone(), -_DOUBLINGS, _DOUBLINGS
    for _ in range(_SETTLING):
        middle = (low + high) / 2
        layer.operator.weight.copy_(weight * 2**middle)
        rate = float(layer.neuron.relative(layer(inputs, time_steps)).abs().mean())
        low, high = (low, middle) if rate > _RATE else (middle, high)
