"""Recorder of the responses of all units of a network's maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.layer_info import LayerInfo
from spikeatlas.snn.networks import TrainableNetwork
from spikeatlas.snn.subjects import Subject

Images = NDArray[np.uint8]
Maps = dict[str, NDArray[np.float32]]
_BATCH = 64


class MapRecorder:
    """Responses of every unit of some layers, as a responder gives their means: rates of what neurons hand on."""

    def __init__(
        self, network: TrainableNetwork, layers: Sequence[str], key: CodingKey | None = None
    ) -> None:
        """``layers``: names, from the first on; ``key``: of a stochastic coding."""
        self._network, self._layers, self._key = network, tuple(layers), key

    @torch.no_grad()
    def __call__(self, images: Images) -> Maps:
        """{layer: (n, units, ...) float32} of stimuli uint8 (n, c, h, w)."""
        parts: dict[str, list[NDArray[np.float32]]] = {name: [] for name in self._layers}
        for batch, count in padded_batches(images, _BATCH):
            inputs = encode(self._network, batch, self._key).to(self._network.device)
            for name, spikes in self._network.capture(inputs, len(self._layers)):
                units = self._network.neurons(name).relative(spikes).mean(0)
                parts[name].append(units.cpu().numpy()[:count])
        return {name: np.concatenate(rows) for name, rows in parts.items()}


def map_recorder(
    subject: Subject, layers: Mapping[str, LayerInfo], key: CodingKey | None
) -> MapRecorder | None:
    """Return the recorder of a subject's first ``layers``; None where it tells one number a neuron, or lost some of its units."""
    network = subject.differentiable()
    if network is None or network.numbers() or tuple(layers) != network.layers[: len(layers)]:
        return None
    return MapRecorder(network, list(layers), key)
