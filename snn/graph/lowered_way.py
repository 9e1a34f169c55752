"""The fastest way: a user's chain of layers as one of our networks, with our responder; layered where it is none."""

from __future__ import annotations

import copy
import threading
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spikeatlas.snn.coding import STILL
from spikeatlas.snn.graph.execution.layered import Layered, Rates
from spikeatlas.snn.graph.lower import lowered
from spikeatlas.snn.graph.step_graph import StepGraph
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.responder import Responder

Images = npt.NDArray[np.uint8]
_RESPONDERS = 8
"""Responders that are kept, each for some layers and neurons."""


class FastWay:
    """Responses of a module's layers by a way that gives its spikes faster; threads may share it."""

    def __init__(
        self,
        graph: StepGraph,
        example: Tensor,
        *,
        mean: Sequence[float],
        std: Sequence[float],
    ) -> None:
        """``example``: float32 (2, c, h, w); ``mean``, ``std``: by channel, see ``SpikingNetwork.normalise``."""
        self._graph, self._example = graph, example
        self._layered = Layered(graph, example)
        self._mean, self._std = (
            torch.tensor(values, dtype=torch.float32)[:, None, None] for values in (mean, std)
        )
        self._networks: dict[str, SpikingNetwork | None] = {
            name: lowered(graph, name, mean=mean, std=std, shape=example.shape[1:])
            for name in graph.layers
        }
        self._depths = {name: depth for depth, name in enumerate(graph.layers)}
        self._steps = graph.time_steps
        self._lock = threading.Lock()
        self._responders: dict[object, Responder] = {}

    def plainer(self) -> FastWay | None:
        """Return the same without lowering, which never sums in another order than torch; None if this is that."""
        if self.name == "layered":
            return None
        way = copy.copy(self)
        way._networks = dict.fromkeys(self._networks)  # noqa: SLF001 - its own class
        way._responders = {}  # noqa: SLF001 - its own class
        return way

    def reordered(self) -> FastWay | None:
        """Return the same with sums in the fastest order, see ``Layered``; None where our own layers are fastest."""
        if self.name != "layered":
            return None
        way = copy.copy(self)
        way._layered = Layered(self._graph, self._example, exact=False)  # noqa: SLF001 - its own class
        return way

    @property
    def name(self) -> str:
        """``lowered`` if our own responder computes every layer, ``layered`` otherwise."""
        return "layered" if None in self._networks.values() else "lowered"

    def describe(self, names: Sequence[str]) -> list[str]:
        """Say how each layer is computed when these are asked for together, in a line."""
        network = self._network(names)
        if network is None:
            return self._layered.describe(names)
        plan = Responder(network, tuple(names)).plan
        return [f"lowered to our own layers: {line}" for line in plan.describe()]

    def counts(
        self,
        images: Images | Tensor,
        names: Sequence[str],
        neurons: Mapping[str, Sequence[int]],
        *,
        batch_size: int = 256,
    ) -> Rates:
        """Spikes a step and position, {layer: float64 (n, neurons)}, of stimuli uint8 (n, c, h, w).

        Our responder pads them to ``batch_size``. Images that are normalised already, float32 (n, c, h, w), or
        (T, n, c, h, w) with one for every step, always go layer by layer.
        """
        if isinstance(images, Tensor):
            return self._layered.counts(images, names, neurons)
        if images.ndim != STILL:
            raise ValueError(f"images have the shape {images.shape}: give (n, c, h, w).")
        network = self._network(names)
        if network is None:
            return self._layered.counts(self._normalise(images), names, neurons)
        rates = self._responder(network, names, neurons, batch_size)(images)
        return {name: self._exact(name, rates[name]) for name in names}

    def _network(self, names: Sequence[str]) -> SpikingNetwork | None:
        deepest = max(names, key=self._depths.__getitem__)
        network = self._networks[deepest]
        return network if network is not None and set(names) <= set(network.layers) else None

    def _normalise(self, images: Images) -> Tensor:
        """Normalise as ``SpikingNetwork.normalise`` does, bit for bit."""
        return (torch.from_numpy(images).to(torch.float32) / 255 - self._mean) / self._std

    def _responder(
        self,
        network: SpikingNetwork,
        names: Sequence[str],
        neurons: Mapping[str, Sequence[int]],
        batch_size: int,
    ) -> Responder:
        rows = {name: tuple(neurons[name]) for name in names}
        key = (tuple(rows.items()), batch_size)
        with self._lock:
            if key not in self._responders:
                if len(self._responders) == _RESPONDERS:
                    del self._responders[next(iter(self._responders))]
                self._responders[key] = Responder(
                    network, tuple(names), batch_size=batch_size, neurons=rows, guarded=True
                )
            return self._responders[key]

    def _exact(self, name: str, rates: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Undo the rounding of rates to float32: they are whole counts over steps and positions."""
        total = self._steps * self._layered.positions(name)
        counts: npt.NDArray[np.float64] = np.rint(rates.astype(np.float64) * total)
        return counts / total
