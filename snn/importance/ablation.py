"""Loss of a network when one neuron falls silent (Morcos et al. 2018, arXiv 1803.06959, section 2.2)."""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from spikeatlas.snn.importance.base import ImportanceSite, ImportanceSpec
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.subjects import Showing


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


def ablate(site: ImportanceSite) -> Ablation:
    """Silence each of the site's neurons in turn and classify its images again.

    A convolution's neuron is a whole channel. ValueError for an unknown layer; LackError where
    the subject has no read-out, or its neurons cannot be silenced.
    """
    showing = Showing(key=site.key)
    silenced = site.subject.scores_without(site.images, site.neurons, showing)
    intact = performance(site.subject.scores(site.images, showing)[None], site.labels)
    return Ablation(
        Performance(intact.accuracy[0], intact.loss[0]),
        {layer: performance(scores, site.labels) for layer, scores in silenced.items()},
    )


@dataclass(frozen=True, config=SPEC)
class AblationSpec(ImportanceSpec):
    """Accuracy that is lost, in [-1, 1], where a neuron never fires (Morcos et al. 2018)."""

    kind: Literal["ablation"] = "ablation"
    variable: ClassVar[str] = "accuracy_loss"
    long_name: ClassVar[str] = "loss of accuracy"
    comment: ClassVar[str] = "while this neuron is silent; -1 to 1"

    def measure(self, site: ImportanceSite) -> dict[str, NDArray[np.float64]]:
        """See ``ImportanceSpec``."""
        ablation = ablate(site)
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
