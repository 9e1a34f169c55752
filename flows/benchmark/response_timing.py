"""The time of responses: every variant against the plain snnTorch loop, in one process.

Variants take turns in every round, each on the time of this thread alone; a ratio is the median over
rounds of the two times of one round. The plain loop is slow, so it is given fewer images a call than
the fast responder; its time per image grows a little with the batch, so ratios are rather too low.
"""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np
import torch

from spikeatlas.snn.generators.base import Images
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.responder import Responder, Responses
from spikeatlas.snn.responder.fast import FastResponder
from spikeatlas.snn.responder.shapes import layer_shapes
from spikeatlas.snn.showing import Showing

Variant = Literal["plain", "layerwise", "auto"]
VARIANTS: tuple[Variant, ...] = ("plain", "layerwise", "auto")
_LAYERWISE = ("steps", "frames")
# Side of the matrices whose product is timed.
_GEMM = 1024


@dataclasses.dataclass(frozen=True)
class Target:
    """Neurons whose responses are asked for."""

    name: str
    layers: tuple[str, ...]
    neurons: Mapping[str, Sequence[int]]


@dataclasses.dataclass(frozen=True)
class Speed:
    """One variant's result."""

    pictures: str
    time_steps: int
    target: str
    variant: Variant
    images: int
    """Images in one call."""
    rate: float
    """Images a second of one core, median over rounds."""
    ratio: float
    """To the plain loop for the same target, median over rounds."""
    dense_share: float
    """Of the rate that dense arithmetic could reach: its multiplications at the measured rate."""
    gemm: float
    """Rate of a 1024 x 1024 matrix product in the same run, in GFLOP a second."""
    differing: float
    """Share of the spikes that differ from the plain loop's, by their counts."""


def network_targets(network: SpikingNetwork) -> tuple[Target, ...]:
    """Return four targets: all layers; the second layer; one neuron of it; one of the first."""
    first, second = network.layers[:2]
    return (
        Target("all layers", network.layers, {}),
        Target(f"{second}, all neurons", (second,), {}),
        Target(f"{second}, one neuron", (second,), {second: (network.sizes[second] // 2,)}),
        Target(f"{first}, one neuron", (first,), {first: (network.sizes[first] // 2,)}),
    )


def layer_targets(network: SpikingNetwork) -> tuple[Target, ...]:
    """Return as targets all layers together, and each alone."""
    alone = (Target(f"{name} alone", (name,), {}) for name in network.layers)
    return (Target("all layers", network.layers, {}), *alone)


def time_responses(
    network: SpikingNetwork,
    pictures: Mapping[str, Images],
    targets: Sequence[Target],
    *,
    rounds: int = 5,
    slow_images: int = 20,
    variants: Sequence[Variant] = VARIANTS,
) -> list[Speed]:
    """Time the variants on every kind of pictures, interleaved, with one torch thread.

    ``slow_images``: images a call for all variants but "auto".
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        trials = [
            _Trial(network, kind, images, target, ("plain", *variants), slow_images)
            for kind, images in pictures.items()
            for target in targets
        ]
        return [
            speed for trial in trials for speed in trial.speeds(rounds) if speed.variant in variants
        ]
    finally:
        torch.set_num_threads(threads)


class _Trial:
    """All variants for one target and one kind of pictures."""

    def __init__(
        self,
        network: SpikingNetwork,
        kind: str,
        images: Images,
        target: Target,
        variants: Sequence[Variant],
        slow_images: int,
    ) -> None:
        self._network = network
        self._kind = kind
        self._target = target
        few = images[:slow_images]
        self._images: dict[Variant, Images] = {
            name: images if name == "auto" else few for name in variants
        }
        self._calls = {name: self._call(name) for name in self._images}

    def speeds(self, rounds: int) -> list[Speed]:
        """Time the variants in turns."""
        # the first call compiles
        responses = {name: call(self._images[name]) for name, call in self._calls.items()}
        times: dict[Variant, list[float]] = {name: [] for name in self._calls}
        products = []
        for _ in range(rounds):
            products.append(_product_rate())
            for name in self._calls:
                times[name].append(self._seconds_per_image(name))
        gemm = statistics.median(products)
        return [self._speed(name, times, gemm, responses) for name in self._calls]

    def _call(self, variant: Variant) -> Callable[[Images], Responses]:
        size = len(self._images[variant])
        layers, neurons = self._target.layers, self._target.neurons
        if variant != "layerwise":
            return Responder(self._network, layers, batch_size=size, neurons=neurons, kind=variant)
        indices = {
            name: tuple(neurons.get(name, range(self._network.sizes[name]))) for name in layers
        }
        return FastResponder(
            self._network, indices, Showing(batch_size=size), memory=2**30, ways=_LAYERWISE
        )

    def _seconds_per_image(self, name: Variant) -> float:
        images = self._images[name]
        start = time.thread_time()
        self._calls[name](images)
        return (time.thread_time() - start) / len(images)

    def _speed(
        self,
        name: Variant,
        times: Mapping[Variant, Sequence[float]],
        gemm: float,
        responses: Mapping[Variant, Responses],
    ) -> Speed:
        pairs = zip(times["plain"], times[name], strict=True)
        rate = 1 / statistics.median(times[name])
        return Speed(
            pictures=self._kind,
            time_steps=self._network.time_steps,
            target=self._target.name,
            variant=name,
            images=len(self._images[name]),
            rate=rate,
            ratio=statistics.median(plain / variant for plain, variant in pairs),
            dense_share=rate * dense_flops(self._network, self._target) / (gemm * 1e9),
            gemm=gemm,
            differing=self._differing(responses["plain"], responses[name]),
        )

    def _differing(self, plain: Responses, variant: Responses) -> float:
        """Share of the spikes that differ, by their counts."""
        shapes = layer_shapes(self._network, self._network.upto(self._target.layers))
        outputs = dict(zip(self._network.layers, (shape.outputs for shape in shapes), strict=False))
        spikes, total = 0.0, 0
        for name, rates in plain.items():
            steps = self._network.time_steps * outputs[name]
            gaps = variant[name][: len(rates)].astype(np.float64) - rates
            spikes += float(np.rint(np.abs(gaps) * steps).sum())
            total += rates.size * steps
        return spikes / total


def dense_flops(network: SpikingNetwork, target: Target) -> float:
    """Count the operations that dense arithmetic needs for one image: the first operator once, the others T times."""
    layers = network.upto(target.layers)
    total = 0.0
    for depth, (layer, shape) in enumerate(zip(layers, layer_shapes(network, layers), strict=True)):
        deepest = depth == len(layers) - 1
        neurons = len(target.neurons.get(layer.name, ())) if deepest else 0
        share = neurons / shape.filters if neurons else 1.0
        total += 2 * shape.work * share * (network.time_steps if depth else 1)
    return total


def _product_rate() -> float:
    """GFLOP a second of one core in a product of matrices."""
    one, other = torch.ones(2, _GEMM, _GEMM)
    times = []
    for _ in range(3):
        start = time.thread_time()
        torch.mm(one, other)
        times.append(time.thread_time() - start)
    return 2 * _GEMM**3 / min(times) / 1e9


def table(speeds: Sequence[Speed]) -> str:
    """Return the results as a table in Markdown."""
    lines = [
        "| pictures | T | target | variant | images a core-second | ratio to plain | share of dense limit |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {speed.pictures} | {speed.time_steps} | {speed.target} | {speed.variant} | {speed.rate:,.4g} "
        f"| {speed.ratio:,.4g} | {speed.dense_share:.2f} |"
        for speed in speeds
    ]
    return "\n".join(lines)
