"""Unit of layers that do not spike: what one natural image in a hundred reaches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNIT_NAME = "natural maximum"


@dataclass(frozen=True, eq=False)
class NaturalReference:
    """The mean activity of each channel that counts as 1."""

    values: NDArray[np.float32]
    """(channels,), > 0. A response times this is the mean activity."""
    inactive: NDArray[np.bool_]
    """(channels,), True where natural images reach nothing above 0, so that the unit is the activity's own."""

    def responses(
        self, means: NDArray[np.float64], neurons: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Responses (n, neurons) of mean activities (n, neurons) of some channels."""
        scaled: NDArray[np.float64] = means / self.values[neurons].astype(np.float64)
        return scaled


def natural_reference(means: NDArray[np.float64], quantile: float) -> NaturalReference:
    """Reference of mean activities (n, channels) in n natural images: their ``quantile`` (0 to 1) in each channel.

    ValueError without images.
    """
    if not len(means):
        raise ValueError(
            "what does not spike is measured in units of the training images, which cannot be read here: put them back "
            "where data.root says."
        )
    reached = np.quantile(means, quantile, axis=0).astype(np.float32)
    inactive = ~(reached > 0)
    return NaturalReference(np.where(inactive, np.float32(1), reached), inactive)
