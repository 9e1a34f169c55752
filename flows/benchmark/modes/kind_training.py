"""The speed of training each kind of neuron and normalisation: layer by layer against the loop over time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import nn

from spikeatlas.flows.benchmark.reference_network import noise_images
from spikeatlas.flows.benchmark.step_timing import step_seconds
from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.networks import NetworkSite, NetworkSpec, SpikingNetwork
from spikeatlas.snn.networks.base import Shape
from spikeatlas.tasks.workers.process import one_thread

CLASSES = 10
_KEY = CodingKey(0, "benchmark", "training")
LIF_BAR, BAR = 2.5, 2.0
"""Times that layer by layer has to be faster: plain leaky neurons, and the other kinds."""


class TrainingKind(NamedTuple):
    """Networks whose layers are of one kind."""

    name: str
    fields: Mapping[str, Any]
    """Of ``network`` in a study."""
    bar: float | None = BAR
    """None: its operators follow one another in time, so that nothing can be folded."""


_DECAYING = {"kind": "membrane", "leak": 0.951}
"""Membranes that weigh spikes as dsr-lif neurons do: exp(-dt / tau)."""
_AVERAGE = {"pool": "average", "decoding": "membrane"}
_LINKED = {"kind": "population", "size": 10, "links": "full", "read": "membrane"}
KINDS = (
    TrainingKind("leaky", {}, LIF_BAR),
    TrainingKind("leaky, average pools", {"pool": "average"}, LIF_BAR),
    TrainingKind("lif", {"neuron": "lif"}),
    TrainingKind("clif", {"neuron": "clif"}),
    TrainingKind("dsr-if", {"neuron": "dsr-if", **_AVERAGE}),
    TrainingKind("dsr-lif", {"neuron": "dsr-lif", **_AVERAGE, "decoding": _DECAYING}),
    TrainingKind("batch", {"norm": "batch", "bias": False}),
    TrainingKind("bntt", {"norm": "bntt", "bias": False}),
    TrainingKind("bntt, average pools", {"norm": "bntt", "bias": False, **_AVERAGE}),
    TrainingKind("clif, linked population", {"neuron": "clif", "decoding": _LINKED}, None),
    TrainingKind("backei", {"neuron": "backei", "decoding": "membrane"}, None),
)
"""What is timed, a row each."""


class TrainingShape(NamedTuple):
    """A size of networks and batches."""

    name: str
    images: Shape
    batch: int
    fields: Mapping[str, Any]
    """Of ``network``, its time steps among them."""
    canvas: Shape | None = None
    """Of images where convolutions go without padding, as MANGO's do; ``images`` are then those whose padded maps
    end as large."""
    codings: tuple[str, ...] = ("current", "poisson", "signed-poisson")


SHAPES = (
    TrainingShape(
        "first result's",
        (1, 28, 28),
        32,
        {"channels": (36, 40), "hidden": (64,), "kernel": 3, "time_steps": 16},
    ),
    TrainingShape(
        "784-1000-10", (1, 28, 28), 128, {"channels": (), "hidden": (1000,), "time_steps": 25}
    ),
    TrainingShape(
        "MANGO's",
        (3, 20, 20),
        128,
        {"channels": (200, 64), "hidden": (100,), "kernel": 5, "time_steps": 25},
        canvas=(3, 32, 32),
        codings=("current",),
    ),
)
"""A table each."""


def time_training_kinds(rounds: int = 3) -> Iterator[str]:
    """Yield a table for each shape of network: how many times faster a step is, kind by kind and coding by coding."""
    one_thread()
    for shape in SHAPES:
        steps = shape.fields["time_steps"]
        yield (
            f"{shape.name} network, T={steps}, batch {shape.batch}: times that layer by layer is faster than step by "
            f"step, forward and backward (core-seconds of both; one thread, medians of {rounds} in turns)\n"
        )
        heads = ("kind", "bar", *shape.codings)
        yield f"| {' | '.join(heads)} |\n|{' --- |' * len(heads)}"
        for kind in KINDS:
            yield from _rows(shape, kind, rounds)
        yield ""


def _rows(shape: TrainingShape, kind: TrainingKind, rounds: int) -> Iterator[str]:
    cells = []
    for coding in shape.codings:
        network = kind_network(shape, kind, coding)
        if network is None:
            return
        images = noise_images(shape.batch, shape.canvas or shape.images)
        inputs, labels = encode(network, images, _KEY), torch.arange(len(images)) % CLASSES
        layers, steps = step_seconds(network, (network, network.unroll), inputs, labels, rounds)
        cells.append(f"{steps / layers:.2f} ({layers:.3f}, {steps:.3f})")
    bar = "none" if kind.bar is None else f"{kind.bar:g}"
    yield f"| {' | '.join((kind.name, bar, *cells))} |"


def kind_network(shape: TrainingShape, kind: TrainingKind, coding: str) -> SpikingNetwork | None:
    """Build an untrained network of a kind; None where there is none of that shape."""
    fields = {**shape.fields, **kind.fields, "coding": coding}
    try:
        spec = NetworkSpec(**fields)
    except ValueError:
        # gates need maps
        return None
    channels = shape.images[0]
    site = NetworkSite(shape.images, CLASSES, [0.5] * channels, [0.3] * channels, 0)
    network = spec.build(site)
    if shape.canvas:
        for layer in network:
            if isinstance(layer.operator, nn.Conv2d):
                layer.operator.padding = (0, 0)
    return network
