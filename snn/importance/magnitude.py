"""Size of a neuron's weights (Li et al. 2017, arXiv 1608.08710, section 3.1)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass

from spikeatlas.snn.importance.base import ImportanceSite, ImportanceSpec, instead, of_neurons
from spikeatlas.snn.importance.rate_importance import RateSpec
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.subjects import LackError, Subject

NO_WEIGHTS = "magnitude is of weights, which are at hand of networks of ours alone (kind chain, resnet), read neuron by neuron"
"""Problem of a subject without weights."""


@dataclass(frozen=True, config=SPEC)
class MagnitudeSpec(ImportanceSpec):
    """Sum of the absolute weights by which a neuron, or a channel, reads its input, without its bias (Li et al. 2017).

    Incoming weights, as filters are pruned by: every layer has them, the output too. Of weights before a normalisation,
    which may undo their size; the shortcut's of a residual network are left out.
    """

    kind: Literal["magnitude"] = "magnitude"

    variable: ClassVar[str] = "magnitude"
    long_name: ClassVar[str] = "size of the incoming weights"
    comment: ClassVar[str] = "sum of their absolute values, before any normalisation; 0 or more"

    def problems(self, subject: Subject) -> list[str]:
        """See ``ImportanceSpec``."""
        network = subject.differentiable()
        if network is not None and network.input_weights():
            return []
        return [f"{NO_WEIGHTS}; {instead(subject, [RateSpec()])}"]

    def measure(self, site: ImportanceSite) -> dict[str, NDArray[np.float64]]:
        """See ``ImportanceSpec``; the images are not looked at. LackError without weights."""
        network = site.subject.differentiable()
        if network is None:
            raise LackError(NO_WEIGHTS)
        sums = {
            layer: weights.detach().abs().flatten(1).sum(1).double().cpu().numpy()
            for layer, weights in network.input_weights().items()
        }
        return of_neurons(network, sums, site.neurons)
