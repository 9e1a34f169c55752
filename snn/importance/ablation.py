"""What a network loses when one neuron falls silent (Morcos et al. 2018, arXiv 1803.06959, section 2.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import Noise, encode
from spikeatlas.snn.networks import SpikingNetwork

_BATCH = 256


class Performance(NamedTuple):
    """How well images are told apart."""

    accuracy: NDArray[np.float64]
    """(...) share of images whose class has the most output spikes, in [0, 1]."""
    loss: NDArray[np.float64]
    """(...) mean cross-entropy of the output's spike counts, in nats."""


class Ablation(NamedTuple):
    """A network with all its neurons, and without each."""

    intact: Performance
    """Of shape ()."""
    silenced: dict[str, Performance]
    """(neurons,) for each layer: all else as it is, one neuron's spikes taken away."""


@torch.no_grad()
def ablate(
    network: SpikingNetwork,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    neurons: Mapping[str, Sequence[int]],
    noise: Noise,
) -> Ablation:
    """Silence each of ``neurons`` (by layer) in turn and classify ``images`` (n, c, h, w) again.

    Only what follows the neuron is computed again: the spikes of the layers up to it are kept. A convolution's
    neuron is a whole channel. ValueError for an unknown layer, or no image.
    """
    network.upto(neurons)
    if not len(images) or len(images) != len(labels):
        raise ValueError(
            f"{len(images)} images with {len(labels)} labels: give at least one image, with one label each."
        )
    counts = [
        _counts(network, batch, count, neurons, noise)
        for batch, count in padded_batches(images, _BATCH)
    ]
    wanted = torch.from_numpy(labels)
    whole = torch.cat([intact for intact, _ in counts])
    parts = {layer: torch.cat([found[layer] for _, found in counts], dim=1) for layer in neurons}
    return Ablation(
        _performance(whole[None], wanted, ()),
        {layer: _performance(each, wanted, (len(each),)) for layer, each in parts.items()},
    )


def _counts(
    network: SpikingNetwork, batch: NDArray[np.uint8], count: int,
    neurons: Mapping[str, Sequence[int]], noise: Noise,
) -> tuple[Tensor, dict[str, Tensor]]:  # fmt: skip
    """Output spike counts (count, classes), and (neurons, count, classes) for each layer."""
    stages = list(network)
    spikes = encode(network, batch, noise)
    found: dict[str, Tensor] = {}
    for place, stage in enumerate(stages):
        spikes = stage(spikes, network.time_steps)
        if stage.name in neurons:
            each = _silenced(spikes, neurons[stage.name])
            found[stage.name] = torch.stack(
                [_finish(network, place + 1, less)[:count] for less in each]
            )
    return spikes.sum(0)[:count], {layer: found[layer] for layer in neurons}


def _silenced(spikes: Tensor, neurons: Sequence[int]) -> Iterator[Tensor]:
    """The spikes (T, n, neurons, ...) without those of one neuron, for each in turn."""
    for neuron in neurons:
        less = spikes.clone()
        less[:, :, neuron] = 0
        yield less


def _finish(network: SpikingNetwork, start: int, spikes: Tensor) -> Tensor:
    """Output spike counts from the spikes that enter layer number ``start``."""
    for stage in list(network)[start:]:
        spikes = stage(spikes, network.time_steps)
    return spikes.sum(0)


def _performance(counts: Tensor, labels: Tensor, shape: tuple[int, ...]) -> Performance:
    """Of output counts (k, n, classes)."""
    right = (counts.argmax(2) == labels).double().mean(1)
    loss = F.cross_entropy(
        counts.double().flatten(0, 1), labels.repeat(len(counts)), reduction="none"
    )
    return Performance(
        right.numpy().reshape(shape),
        loss.unflatten(0, counts.shape[:2]).mean(1).numpy().reshape(shape),
    )
