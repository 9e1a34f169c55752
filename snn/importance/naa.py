"""Neuron attribution (Zhang et al. 2022)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.importance.attribution import ImagePath, attributions, rate_slopes
from spikeatlas.snn.importance.base import (
    ImageImportanceSpec,
    ImportanceSite,
    instead,
    of_neurons,
)
from spikeatlas.snn.importance.magnitude import MagnitudeSpec
from spikeatlas.snn.importance.rate_importance import RateSpec
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.subjects import LackError, Subject

NO_GRADIENTS = (
    "naa follows gradients from a network's decision to its spikes, which only networks of ours have (kind chain, resnet), "
    "read neuron by neuron"
)
"""Problem of a subject that cannot be attributed to."""


@dataclass(frozen=True, config=SPEC)
class NaaSpec(ImageImportanceSpec):
    """Neuron attribution: A = (y - y') g (Zhang et al. 2022, CVPR, equation of the attribution by one integral).

    y is the rate of a neuron at an image, y' that at the baseline, g the gradient of the probability of the true class
    in y, averaged over ``steps`` images from the baseline to the image. It is summed over positions and averaged over
    images. The gradient is the surrogate's that the network was trained with; of a method without gradients (``desire``) the
    default surrogate's.
    """

    kind: Literal["naa"] = "naa"
    steps: Annotated[int, Field(ge=1)] = 30
    """Images on the path."""
    baseline: Literal["black", "mean"] = "black"
    """Image from which the path starts: ``black``, as published, or the ``mean`` of the images."""
    reference: Literal["baseline", "silence"] = "baseline"
    """Rate from which a neuron's is counted: that at the ``baseline``, as published, or ``silence``, 0, as in an ablation."""

    variable: ClassVar[str] = "naa"
    long_name: ClassVar[str] = "neuron attribution"
    comment: ClassVar[str] = (
        "part in the probability of the true class; below 0: it speaks against it"
    )

    @property
    def showings(self) -> int:
        """See ``ImportanceSpec``: forward and backward along the path, and once more for the rates."""
        return 3 * self.steps + 1

    def problems(self, subject: Subject) -> list[str]:
        """See ``ImportanceSpec``."""
        network = subject.differentiable()
        if network is None:
            return [f"{NO_GRADIENTS}; {instead(subject, [MagnitudeSpec(), RateSpec()])}"]
        blank, key = np.zeros((1, *subject.input_shape), np.uint8), CodingKey(0, "", "problems")
        try:
            rate_slopes(
                network, blank, torch.zeros(1, dtype=torch.int64, device=network.device), key
            )
        except LackError as error:
            return [str(error)]
        return []

    def measure_images(self, site: ImportanceSite) -> dict[str, NDArray[np.float64]]:
        """See ``ImageImportanceSpec``. LackError without gradients."""
        network = site.subject.differentiable()
        if network is None:
            raise LackError(NO_GRADIENTS)
        start = np.zeros_like(site.images[0])
        if self.baseline == "mean":
            start = np.rint(site.images.mean(axis=0)).astype(np.uint8)
        silence = self.reference == "silence"
        path = ImagePath(start, self.steps)
        values = attributions(
            network, site.images, site.labels, path, site.key, from_silence=silence
        )
        return of_neurons(network, values, site.neurons)
