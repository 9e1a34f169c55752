"""The drive of units: their currents as the neurons get them, which say how near to a response a silent unit is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.networks import SpikingLayer, SpikingNetwork

_BATCH = 256


def largest(currents: Tensor) -> Tensor:
    """Return drives (n, units) of currents (T or 1, n, units, ...): the largest over the map of their means over time."""
    means = currents.mean(0)
    return means.flatten(2).amax(2) if means.dim() > 2 else means


def drives(layer: SpikingLayer, signals: Tensor, time_steps: int) -> Tensor:
    """Return the drives (n, units) of a layer by signals (T or 1, n, ...), with a gradient."""
    return largest(layer.normalise(layer.folded(signals), time_steps))


def thresholds(layer: SpikingLayer) -> Tensor | None:
    """Return the membranes at which a layer's units fire, (1,) or (units,); None of units that follow no rule with one."""
    rule = layer.neuron.rule
    return None if rule is None else torch.as_tensor(rule.theta).detach().flatten()


class DriveResponder:
    """The drive of some units, as a responder gives responses: the largest over the map of a current's mean over time.

    Above 0 a rectified linear unit responds; what a spiking one needs depends on its threshold and its decay.
    """

    def __init__(
        self,
        network: SpikingNetwork,
        units: Mapping[str, Sequence[int]],
        key: CodingKey | None = None,
        *,
        in_thresholds: bool = False,
    ) -> None:
        """``units``: places in the network's layers as they are now; ``in_thresholds``: as shares of their thresholds.

        ValueError for an unknown layer.
        """
        self._network, self._units, self._key = network, units, key
        self._scales = {
            layer.name: thresholds(layer) if in_thresholds else None
            for layer in network
            if layer.name in units
        }
        self._depth = len(network.upto(units))

    @torch.no_grad()
    def __call__(self, images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """{layer: (n, units) float32} of stimuli (n, c, h, w)."""
        parts: dict[str, list[NDArray[np.float32]]] = {layer: [] for layer in self._units}
        for batch, count in padded_batches(images, _BATCH):
            signals = encode(self._network, batch, self._key)
            for layer in list(self._network)[: self._depth]:
                steps = self._network.time_steps
                currents = layer.normalise(layer.folded(signals), steps)
                if layer.name in parts:
                    scale = self._scales[layer.name]
                    drive = largest(currents) if scale is None else largest(currents) / scale
                    places = list(self._units[layer.name])
                    parts[layer.name].append(drive.numpy()[:count][:, places])
                signals = layer.neuron.run(currents, steps)
        return {name: np.concatenate(rows) for name, rows in parts.items()}

    def describe(self) -> list[str]:
        """See ``Respond``."""
        return ["currents, layer by layer over all steps"]
