"""Mean activity of a neuron."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass

from spikeatlas.snn.importance.base import ImportanceSite, ImportanceSpec
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.showing import Showing


@dataclass(frozen=True, config=SPEC)
class RateSpec(ImportanceSpec):
    """Mean size |r| of a neuron's responses to the images: a neuron that is never active does nothing.

    The opposite of the share of zeros by which Hu et al. 2016 (arXiv 1607.03250) prune.
    """

    kind: Literal["rate"] = "rate"

    variable: ClassVar[str] = "rate"
    long_name: ClassVar[str] = "mean activity"
    comment: ClassVar[str] = "mean absolute response to the images, in the layer's own unit"

    @property
    def showings(self) -> int:
        """See ``ImportanceSpec``."""
        return 1

    def measure(self, site: ImportanceSite) -> dict[str, NDArray[np.float64]]:
        """See ``ImportanceSpec``."""
        responses = site.subject.responses(site.images, site.neurons, Showing(key=site.key))
        return {
            layer: np.abs(rows.astype(np.float64)).mean(axis=0) for layer, rows in responses.items()
        }
