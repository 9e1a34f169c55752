"""The reference: snnTorch's neurons stepped through time, layer after layer at every step.

Clear and slow on purpose: whatever is faster has to equal it, spike for spike.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CODINGS, CodingKey, encode
from spikeatlas.snn.networks import SpikingLayer, SpikingNetwork, TrainableNetwork
from spikeatlas.snn.networks.layer import unroll
from spikeatlas.snn.readings import RATE, TrainReading, UnitChoice
from spikeatlas.snn.showing import check_stimuli

Responses = dict[str, npt.NDArray[np.float32]]


class PlainResponder:
    """Responses of whole layers to stimuli.

    ``layers`` are evaluated in one pass that stops at the deepest of them. Stimuli are shown in
    batches padded to ``batch_size``, so that a response depends on nothing but its stimulus. A
    stochastic coding needs a ``key``; the response is then the mean over ``presentations`` showings.
    ``reading``: of the spikes of one position; ``unit``: the position of a map, or the mean over it.
    Nothing in the network changes during a call: threads may share it.
    """

    def __init__(
        self,
        network: SpikingNetwork,
        layers: Sequence[str],
        *,
        batch_size: int = 256,
        key: CodingKey | None = None,
        presentations: int = 1,
        reading: TrainReading = RATE,
        unit: UnitChoice = "channel",
    ) -> None:
        check_weights(network)
        check_counts(batch_size, presentations)
        check_mode(network)
        self.network = network
        self.layers = tuple(layers)
        self.batch_size = batch_size
        self.key = key
        self.presentations = presentations
        self.reading = reading
        self.unit = unit
        self._layers = network.upto(layers)

    def __call__(self, images: npt.NDArray[np.uint8]) -> Responses:
        """Spike rates in [0, 1], {layer: (n, neurons) float32}, of stimuli uint8 (n, c, h, w).

        In [-1, 1] where spikes are signed. Spikes are counted exactly, over all time steps and positions.
        ValueError for images of another type or shape than the network's.
        """
        check_stimuli(images, self.network.input_shape, sequences=True)
        sizes = self.network.sizes
        parts: dict[str, list[npt.NDArray[np.float32]]] = {name: [] for name in self.layers}
        for batch, count in padded_batches(images, self.batch_size):
            for name, rates in self._mean(batch).items():
                parts[name].append(rates[:count])
        return {
            name: np.concatenate([np.empty((0, sizes[name]), np.float32), *rates])
            for name, rates in parts.items()
        }

    def _mean(self, batch: npt.NDArray[np.uint8]) -> Responses:
        """Mean responses to one batch over the presentations (one if nothing is drawn)."""
        showings = self.presentations if CODINGS[self.network.coding].stochastic else 1
        total = {name: np.zeros((), np.float64) for name in self.layers}
        for number in range(showings):
            key = None if self.key is None else self.key.shifted(number)
            for name, rates in self._present(batch, key).items():
                total[name] = total[name] + rates
        return {name: (rates / showings).astype(np.float32) for name, rates in total.items()}

    def _present(
        self, batch: npt.NDArray[np.uint8], key: CodingKey | None
    ) -> dict[str, npt.NDArray[np.float64]]:
        """Responses (n, neurons) to one showing of a batch."""
        inputs = encode(self.network, batch, key).to(self.network.device)
        steps = self.network.time_steps
        values = count_spikes(self._layers, inputs, steps, self.reading)
        return {
            name: self.reading.responses(values[name].cpu(), steps, self.unit)
            for name in self.layers
        }


@torch.no_grad()
def count_spikes(
    layers: Sequence[SpikingLayer],
    inputs: Tensor,
    time_steps: int,
    reading: TrainReading = RATE,
) -> dict[str, Tensor]:
    """Spike counts of every layer, (n, channels, h, w) or (n, units), over all time steps.

    ``inputs``: (T, n, c, h, w), or (1, n, c, h, w) if constant. A spike counts 1 or -1, whatever its
    height. ``reading``: what to fold the spikes to, if not to counts. This is the plain loop.
    """
    values: dict[str, Tensor] = {}
    for step, row in enumerate(unroll(layers, inputs, time_steps)):
        for layer, spikes in zip(layers, row, strict=True):
            units = layer.neuron.relative(spikes)[None]
            values[layer.name] = reading.fold(values.get(layer.name), units, step)
    return values


def check_weights(network: TrainableNetwork) -> None:
    """Raise ValueError where a weight is NaN or infinite, naming the tensor."""
    for name, tensor in network.state_dict().items():
        if not torch.isfinite(tensor).all():
            raise ValueError(
                f"{name} holds NaN or infinite values: the training diverged or the file is damaged; "
                "lower training.lr and train again, or take an earlier checkpoint."
            )


def check_counts(batch_size: int, presentations: int) -> None:
    """Raise ValueError for a batch or a number of presentations below 1."""
    for name, value in (("batch_size", batch_size), ("presentations", presentations)):
        if value < 1:
            raise ValueError(f"{name} is {value}: it must be at least 1.")


def check_mode(network: SpikingNetwork) -> None:
    """Raise ValueError for normalisations that still take the statistics of their batch."""
    for layer in network:
        if layer.norm is not None and layer.norm.training:
            raise ValueError(
                f"layer {layer.name!r} normalises as in training, by its batch: call network.eval() first."
            )
