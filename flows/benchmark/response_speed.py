"""How fast the responder is: every variant against the plain snnTorch loop, in one process.

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
import numpy.typing as npt
import torch

from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.responder import Responder, Responses
from spikeatlas.snn.responder.fast import FastResponder, Showing
from spikeatlas.snn.responder.shapes import layer_shapes, work

Images = npt.NDArray[np.uint8]
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
class Row:
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


def targets(made: SpikingNetwork) -> tuple[Target, ...]:
    """All layers; the second layer; one neuron of it; one of the first."""
    first, second = made.layers[:2]
    return (
        Target("all layers", made.layers, {}),
        Target(f"{second}, all neurons", (second,), {}),
        Target(f"{second}, one neuron", (second,), {second: (made.sizes[second] // 2,)}),
        Target(f"{first}, one neuron", (first,), {first: (made.sizes[first] // 2,)}),
    )


def layer_targets(made: SpikingNetwork) -> tuple[Target, ...]:
    """All layers together, and each alone."""
    alone = (Target(f"{name} alone", (name,), {}) for name in made.layers)
    return (Target("all layers", made.layers, {}), *alone)


def benchmark(
    made: SpikingNetwork,
    pictures: Mapping[str, Images],
    wanted: Sequence[Target],
    *,
    rounds: int = 5,
    slow_images: int = 20,
    variants: Sequence[Variant] = VARIANTS,
) -> list[Row]:
    """Time the variants on every kind of pictures, interleaved, with one torch thread.

    ``slow_images``: images a call for all variants but "auto".
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        runs = [
            _Run(made, kind, images, target, ("plain", *variants), slow_images)
            for kind, images in pictures.items()
            for target in wanted
        ]
        return [row for run in runs for row in run.rows(rounds) if row.variant in variants]
    finally:
        torch.set_num_threads(threads)


class _Run:
    """All variants for one target and one kind of pictures."""

    def __init__(
        self,
        made: SpikingNetwork,
        kind: str,
        images: Images,
        target: Target,
        variants: Sequence[Variant],
        slow_images: int,
    ) -> None:
        self._made = made
        self._kind = kind
        self._target = target
        few = images[:slow_images]
        self._shown: dict[Variant, Images] = {
            name: images if name == "auto" else few for name in variants
        }
        self._calls = {name: self._call(name) for name in self._shown}

    def rows(self, rounds: int) -> list[Row]:
        """Time the variants in turns."""
        # the first call compiles
        found = {name: call(self._shown[name]) for name, call in self._calls.items()}
        times: dict[Variant, list[float]] = {name: [] for name in self._calls}
        products = []
        for _ in range(rounds):
            products.append(_product_rate())
            for name in self._calls:
                times[name].append(self._seconds_per_image(name))
        gemm = statistics.median(products)
        return [self._row(name, times, gemm, found) for name in self._calls]

    def _call(self, variant: Variant) -> Callable[[Images], Responses]:
        size = len(self._shown[variant])
        layers, neurons = self._target.layers, self._target.neurons
        if variant != "layerwise":
            return Responder(self._made, layers, batch_size=size, neurons=neurons, kind=variant)
        asked = {name: tuple(neurons.get(name, range(self._made.sizes[name]))) for name in layers}
        return FastResponder(
            self._made, asked, Showing(batch_size=size), memory=2**30, ways=_LAYERWISE
        )

    def _seconds_per_image(self, name: Variant) -> float:
        images = self._shown[name]
        start = time.thread_time()
        self._calls[name](images)
        return (time.thread_time() - start) / len(images)

    def _row(
        self,
        name: Variant,
        times: Mapping[Variant, Sequence[float]],
        gemm: float,
        found: Mapping[Variant, Responses],
    ) -> Row:
        pairs = zip(times["plain"], times[name], strict=True)
        rate = 1 / statistics.median(times[name])
        return Row(
            pictures=self._kind,
            time_steps=self._made.time_steps,
            target=self._target.name,
            variant=name,
            images=len(self._shown[name]),
            rate=rate,
            ratio=statistics.median(plain / own for plain, own in pairs),
            dense_share=rate * dense_flops(self._made, self._target) / (gemm * 1e9),
            gemm=gemm,
            differing=self._differing(found["plain"], found[name]),
        )

    def _differing(self, plain: Responses, found: Responses) -> float:
        """Share of the spikes that differ, by their counts."""
        shapes = layer_shapes(self._made, self._made.upto(self._target.layers))
        outputs = dict(zip(self._made.layers, (shape.outputs for shape in shapes), strict=False))
        spikes, total = 0.0, 0
        for name, rates in plain.items():
            steps = self._made.time_steps * outputs[name]
            gaps = found[name][: len(rates)].astype(np.float64) - rates
            spikes += float(np.rint(np.abs(gaps) * steps).sum())
            total += rates.size * steps
        return spikes / total


def dense_flops(made: SpikingNetwork, target: Target) -> float:
    """Operations that dense arithmetic needs for one image: the first operator once, the others T times."""
    stages = made.upto(target.layers)
    total = 0.0
    for place, (stage, shape) in enumerate(zip(stages, layer_shapes(made, stages), strict=True)):
        deepest = place == len(stages) - 1
        asked = len(target.neurons.get(stage.name, ())) if deepest else 0
        share = asked / shape.filters if asked else 1.0
        total += 2 * work(shape) * share * (made.time_steps if place else 1)
    return total


def _product_rate() -> float:
    """GFLOP a second of one core in a product of matrices."""
    left, right = torch.ones(2, _GEMM, _GEMM)
    times = []
    for _ in range(3):
        start = time.thread_time()
        torch.mm(left, right)
        times.append(time.thread_time() - start)
    return 2 * _GEMM**3 / min(times) / 1e9


def table(rows: Sequence[Row]) -> str:
    """Rows as a table in Markdown."""
    lines = [
        "| pictures | T | target | variant | images a core-second | ratio to plain | share of dense limit |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row.pictures} | {row.time_steps} | {row.target} | {row.variant} | {row.rate:,.4g} "
        f"| {row.ratio:,.4g} | {row.dense_share:.2f} |"
        for row in rows
    ]
    return "\n".join(lines)
