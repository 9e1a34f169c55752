"""Images as Poisson spike trains at their pixels' rates."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from torch import Tensor

from spikeatlas.snn.coding.base import Images, Presentation
from spikeatlas.snn.coding.coding_key import CodingKey
from spikeatlas.snn.coding.rate_coding import Chances, RateCoding

# 2^32 - 1 = 255 * 16843009: a uniform 32-bit number lies below pixel * 16843009 with probability
# pixel/255, to 3e-10.
_UNIT = 16_843_009


class PoissonCoding(RateCoding):
    """Spikes of 0 and 1, P(1) = pixel/255 independently at every step."""

    binary = True
    of_pixels = True

    def chances(self, images: Images, normalise: Callable[[Tensor], Tensor]) -> Chances:
        """See ``RateCoding``."""
        del normalise
        return Chances(images * np.uint32(_UNIT), None)


def spike_trains(images: Images, key: CodingKey, time_steps: int) -> npt.NDArray[np.float32]:
    """Return Poisson spike trains (T, n, c, h, w) of 0 and 1 for stimuli uint8 (n, c, h, w) or (n, F, c, h, w)."""

    def unchanged(pixels: Tensor) -> Tensor:
        return pixels

    trains = PoissonCoding().encode(Presentation(images, unchanged, time_steps, key))
    values: npt.NDArray[np.float32] = trains.numpy()
    return values
