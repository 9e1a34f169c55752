"""The way for any module whose forward is a graph of steps: layer by layer, all time steps at once."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spikeatlas.snn.graph.execution.layer_neurons import ScannedNeurons, spike_rates
from spikeatlas.snn.graph.execution.program import Functions, Program, shapes
from spikeatlas.snn.graph.step_graph import StepGraph

Rates = dict[str, npt.NDArray[np.float64]]

_FRAMES = (80, 320)
"""Images times time steps that go through the layers together, at least and at most."""
_BYTES = 6 * 2**20
"""Of the largest tensor of such a chunk: the next operation still has it in the cache."""
_HEAVY = 4_000_000
"""Weights from which on torch's reordering of them, once a call, asks for twice as many frames at least."""

_REORDERED = ", summed in the fastest order (one image in fifty answered otherwise by some spikes, in a spiking ResNet-18)"


class Layered:
    """Responses of a step graph; no call changes it but for what it prepares once, so threads may share it.

    ``exact``: with torch's own bits; else convolutions may sum in another order, and a spike whose membrane is within
    rounding of its threshold may fall on the other side.
    """

    def __init__(self, graph: StepGraph, example: Tensor, *, exact: bool = True) -> None:
        self._graph, self._exact = graph, exact
        self._input = tuple(example.shape[1:])
        self._shapes = shapes(graph, example)
        self._functions = Functions(graph, self._shapes, exact=exact)
        self._lock = threading.Lock()
        self._programs: dict[frozenset[str], Program] = {}
        self._chunk = self._images()

    def _images(self) -> int:
        """Images of a chunk: a power of two."""
        largest = max(map(math.prod, self._shapes.values()))
        weights = sum(values.numel() for values in self._parameters())
        least = _FRAMES[0] * (2 if weights > _HEAVY else 1)
        frames = min(max(_BYTES // (4 * largest), least), _FRAMES[1])
        fitting = frames // self._graph.time_steps
        return 1 << max(0, fitting.bit_length() - 1)

    def _parameters(self) -> Iterator[Tensor]:
        nodes = self._graph.nodes.values()
        for path in {node.target for node in nodes if node.kind == "module"}:
            yield from self._graph.modules[path].parameters()

    def describe(self, names: Sequence[str]) -> list[str]:
        """Say how each layer is computed, in a line."""
        return [f"{name}: {self._line(name)}" for name in names]

    def positions(self, name: str) -> int:
        """Positions of a layer's map, 1 of units."""
        return math.prod(self._shapes[self._graph.layers[name]][1:])

    def _line(self, name: str) -> str:
        node = self._graph.nodes[self._graph.layers[name]]
        scanned = isinstance(self._functions.of(node), ScannedNeurons)
        neurons = "neurons in one scan" if scanned else "the library's own neurons, step by step"
        sums = "" if self._exact else _REORDERED
        return f"layered: torch's operations over all time steps at once{sums}, {neurons}"

    @torch.no_grad()
    def counts(
        self, images: Tensor, names: Sequence[str], neurons: Mapping[str, Sequence[int]]
    ) -> Rates:
        """Spikes a step and position, {layer: (n, neurons)}, of normalised images float32 (n, c, h, w).

        Or of (T, n, c, h, w), one for every step. ValueError for another shape.
        """
        self._require(images)
        program = self._program(frozenset(names))
        parts: dict[str, list[npt.NDArray[np.float64]]] = {name: [] for name in names}
        batch = 1 if images.dim() == 5 else 0
        for start in range(0, images.shape[batch], self._chunk):
            chunk = images.narrow(batch, start, min(self._chunk, images.shape[batch] - start))
            for name, rates in self._rates(program, chunk, batch).items():
                parts[name].append(rates[:, list(neurons[name])])
        return {
            name: np.concatenate([np.empty((0, len(neurons[name]))), *rows])
            for name, rows in parts.items()
        }

    def _require(self, images: Tensor) -> None:
        """Refuse what would be taken for other images: a batch where time should stand, or the other way round."""
        steps = self._graph.time_steps
        ahead = tuple(images.shape[:-3])
        if tuple(images.shape[-3:]) != self._input or not (
            len(ahead) == 1 or (len(ahead) == 2 and ahead[0] == steps)
        ):
            raise ValueError(
                f"images have the shape {tuple(images.shape)}: expected is {('n', *self._input)}, or "
                f"{(steps, 'n', *self._input)} with one for every time step."
            )

    def _rates(self, program: Program, chunk: Tensor, batch: int) -> Rates:
        """Rates of all neurons, to a chunk that is filled up with its last image."""
        count = chunk.shape[batch]
        last = chunk.narrow(batch, count - 1, 1)
        full = torch.cat([chunk, *[last] * (self._chunk - count)], batch)
        counts = program(full.flatten(0, 1) if batch else full, timed=bool(batch))
        steps = self._graph.time_steps
        for name, rows in counts.items():
            if len(rows) != self._chunk:
                raise ValueError(f"layer {name} answers {len(rows)} images of {self._chunk}.")
        return {name: spike_rates(rows[:count], steps) for name, rows in counts.items()}

    def _program(self, names: frozenset[str]) -> Program:
        with self._lock:
            if names not in self._programs:
                self._programs[names] = Program(self._graph, names, self._functions)
            return self._programs[names]
