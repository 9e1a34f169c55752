"""Loss of a network when one neuron falls silent (Morcos et al. 2018, arXiv 1803.06959, section 2.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.importance.base import ImportanceSpec, require_labels
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.subjects import Showing, Subject


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


def ablate(
    subject: Subject,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    neurons: Mapping[str, Sequence[int]],
    key: CodingKey,
) -> Ablation:
    """Silence each of ``neurons`` (by layer) in turn and classify ``images`` (n, c, h, w) again.

    A convolution's neuron is a whole channel. ValueError for an unknown layer, or no image; LackError where
    the subject has no read-out, or its neurons cannot be silenced.
    """
    require_labels(images, labels)
    showing = Showing(key=key)
    silenced = subject.scores_without(images, neurons, showing)
    intact = performance(subject.scores(images, showing)[None], labels)
    return Ablation(
        Performance(intact.accuracy[0], intact.loss[0]),
        {layer: performance(scores, labels) for layer, scores in silenced.items()},
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
        subject: Subject,
        images: NDArray[np.uint8],
        labels: NDArray[np.int64],
        neurons: Mapping[str, Sequence[int]],
        key: CodingKey,
    ) -> dict[str, NDArray[np.float64]]:
        """See ``ImportanceSpec``."""
        ablation = ablate(subject, images, labels, neurons, key)
        return {
            layer: ablation.intact.accuracy - performance.accuracy
            for layer, performance in ablation.silenced.items()
        }


def performance(scores: NDArray[np.float64], labels: NDArray[np.int64]) -> Performance:
    """Performance (k,) by scores (k, n, classes) of images with ``labels`` (n,)."""
    values, classes = torch.from_numpy(scores), torch.from_numpy(labels)
    right: Tensor = (values.argmax(2) == classes).double().mean(1)
    loss = F.cross_entropy(values.flatten(0, 1), classes.repeat(len(values)), reduction="none")
    return Performance(right.numpy(), loss.unflatten(0, values.shape[:2]).mean(1).numpy())
