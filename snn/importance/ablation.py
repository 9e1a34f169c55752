"""Loss of a network when one neuron falls silent (Morcos et al. 2018, arXiv 1803.06959, section 2.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.importance.base import ImportanceSpec
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.registry import SPEC

_BATCH = 256


class Performance(NamedTuple):
    """Accuracy and loss of a network on some images."""

    accuracy: NDArray[np.float64]
    """(...) share of images whose class has the highest score, in [0, 1]."""
    loss: NDArray[np.float64]
    """(...) mean cross-entropy of the output's scores, in nats."""


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
    key: CodingKey,
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
    batches = [
        _scores(network, batch, count, neurons, key)
        for batch, count in padded_batches(images, _BATCH)
    ]
    classes = torch.from_numpy(labels)
    intact = torch.cat([scores for scores, _ in batches])
    silenced = {
        layer: torch.cat([scores[layer] for _, scores in batches], dim=1) for layer in neurons
    }
    return Ablation(
        _performance(intact[None], classes, ()),
        {
            layer: _performance(scores, classes, (len(scores),))
            for layer, scores in silenced.items()
        },
    )


@dataclass(frozen=True, config=SPEC)
class AblationSpec(ImportanceSpec):
    """Accuracy that is lost, in [-1, 1], where a neuron never fires (Morcos et al. 2018)."""

    kind: Literal["ablation"] = "ablation"
    variable: ClassVar[str] = "accuracy_loss"
    long_name: ClassVar[str] = "loss of accuracy"
    comment: ClassVar[str] = "while this neuron is silent; -1 to 1"

    def measure(
        self,
        network: SpikingNetwork,
        images: NDArray[np.uint8],
        labels: NDArray[np.int64],
        neurons: Mapping[str, Sequence[int]],
        key: CodingKey,
    ) -> dict[str, NDArray[np.float64]]:
        """See ``ImportanceSpec``."""
        ablation = ablate(network, images, labels, neurons, key)
        return {
            layer: ablation.intact.accuracy - performance.accuracy
            for layer, performance in ablation.silenced.items()
        }


def _scores(
    network: SpikingNetwork,
    batch: NDArray[np.uint8],
    count: int,
    neurons: Mapping[str, Sequence[int]],
    key: CodingKey,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Output scores (count, classes), and (neurons, count, classes) for each layer."""
    spikes = encode(network, batch, key)
    silenced: dict[str, Tensor] = {}
    for place, layer in enumerate(network):
        spikes = layer(spikes, network.time_steps)
        if layer.name in neurons:
            rest = _without_each(spikes, neurons[layer.name])
            silenced[layer.name] = torch.stack(
                [_finish(network, place + 1, others)[:count] for others in rest]
            )
    return network.scores(spikes)[:count], {layer: silenced[layer] for layer in neurons}


def _without_each(spikes: Tensor, neurons: Sequence[int]) -> Iterator[Tensor]:
    """Spikes (T, n, neurons, ...) without those of one neuron, for each in turn."""
    for neuron in neurons:
        others = spikes.clone()
        others[:, :, neuron] = 0
        yield others


def _finish(network: SpikingNetwork, start: int, spikes: Tensor) -> Tensor:
    """Output scores from the spikes that enter layer number ``start``."""
    for layer in list(network)[start:]:
        spikes = layer(spikes, network.time_steps)
    return network.scores(spikes)


def _performance(scores: Tensor, labels: Tensor, shape: tuple[int, ...]) -> Performance:
    """Performance, of a shape, by output scores (k, n, classes)."""
    right = (scores.argmax(2) == labels).double().mean(1)
    loss = F.cross_entropy(
        scores.double().flatten(0, 1), labels.repeat(len(scores)), reduction="none"
    )
    return Performance(
        right.numpy().reshape(shape),
        loss.unflatten(0, scores.shape[:2]).mean(1).numpy().reshape(shape),
    )
