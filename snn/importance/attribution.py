"""Attribution of a decision to the neurons of every layer, along a path of images.

Zhang et al. 2022 (Improving adversarial transferability via neuron attribution-based attacks, CVPR): the integral of a
neuron's part in a decision, with its two factors taken apart, so that one gradient a point serves all neurons.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.networks import TrainableNetwork

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]

AT_ONCE = 64
"""Images that are shown together; the last batch is padded."""


@dataclass(frozen=True)
class ImagePath:
    """A path of images from a baseline to an image."""

    baseline: Images
    """(c, h, w) where it starts."""
    steps: int = 30
    """Images on it (>= 1), evenly, the last being the image itself; the baseline is none of them."""

    def image(self, images: Images, number: int) -> Images:
        """Images ``number`` / ``steps`` of the way to images (n, c, h, w), in whole grey levels."""
        start = self.baseline.astype(np.float64)
        return np.rint(start + (images - start) * (number / self.steps)).astype(np.uint8)


@dataclass(frozen=True)
class LayerAttribution:
    """Everything that the attribution of some decisions to a layer is made of, at every position of its maps."""

    slopes: Tensor
    """(n, ...) gradients of the true class's probability in each rate, averaged over the path."""
    rates: Tensor
    """(n, ...) at the images."""
    rates_before: Tensor
    """(1, ...) at the baseline."""

    def of_neurons(self, *, from_silence: bool = False) -> Tensor:
        """Attributions (n, neurons), summed over positions: A = (y - y') times the averaged gradient.

        y' is the rate at the baseline; with ``from_silence`` 0, that of a neuron that never fires.
        """
        rise = self.rates if from_silence else self.rates - self.rates_before
        parts = self.slopes * rise
        return parts.flatten(2).sum(2) if parts.ndim > 2 else parts


def attribute(
    network: TrainableNetwork,
    images: Images,
    labels: Labels,
    path: ImagePath,
    key: CodingKey | None,
) -> dict[str, LayerAttribution]:
    """Attribute the probability (softmax) of the true classes ``labels`` (n,) in ``images`` (n, c, h, w), to all layers.

    A rate is what a neuron hands on, averaged over time; the gradient in it is the sum over time of the gradients in
    the neuron's spikes, which go through the surrogate of every later layer.
    """
    rows = torch.from_numpy(labels).to(network.device)
    totals: dict[str, Tensor] = {}
    for number in range(1, path.steps + 1):
        for layer, slopes in rate_slopes(network, path.image(images, number), rows, key).items():
            totals[layer] = totals[layer] + slopes if layer in totals else slopes
    rates = layer_rates(network, images, key)
    before = layer_rates(network, path.baseline[None], key)
    return {
        layer: LayerAttribution(total / path.steps, rates[layer], before[layer])
        for layer, total in totals.items()
    }


def rate_slopes(
    network: TrainableNetwork, images: Images, labels: Tensor, key: CodingKey | None
) -> dict[str, Tensor]:
    """Gradients (n, ...) of the true classes' probabilities in the rates of every layer, at some images."""
    with torch.enable_grad():
        spikes, outputs = network.layer_outputs(_encoded(network, images, key))
        chances = torch.softmax(network.scores(outputs), dim=1)
        right = chances.gather(1, labels[:, None]).sum()
        slopes = torch.autograd.grad(right, list(spikes.values()))
    return {layer: slope.sum(0) for layer, slope in zip(spikes, slopes, strict=True)}


@torch.no_grad()
def layer_rates(
    network: TrainableNetwork, images: Images, key: CodingKey | None
) -> dict[str, Tensor]:
    """Rates (n, ...) of every layer at some images."""
    spikes, _ = network.layer_outputs(_encoded(network, images, key))
    return {layer: train.mean(0) for layer, train in spikes.items()}


def attributions(
    network: TrainableNetwork,
    images: Images,
    labels: Labels,
    path: ImagePath,
    key: CodingKey | None,
    *,
    from_silence: bool = False,
) -> dict[str, NDArray[np.float64]]:
    """Attributions (n, neurons) of every layer: see ``attribute``, in batches."""
    parts: dict[str, list[NDArray[np.float64]]] = {}
    rows = labels
    for batch, count in padded_batches(images, AT_ONCE):
        classes, rows = np.resize(rows[:count], len(batch)), rows[count:]
        for layer, result in attribute(network, batch, classes, path, key).items():
            values = result.of_neurons(from_silence=from_silence).double().cpu().numpy()
            parts.setdefault(layer, []).append(values[:count])
    return {layer: np.concatenate(values) for layer, values in parts.items()}


def _encoded(network: TrainableNetwork, images: Images, key: CodingKey | None) -> Tensor:
    return encode(network, images, key).to(network.device)
