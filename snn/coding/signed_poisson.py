"""Images as Poisson spike trains of both signs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from spikeatlas.snn.coding.base import Images
from spikeatlas.snn.coding.rate_coding import Chances, RateCoding

_RANGE = float(2**32)


class SignedPoissonCoding(RateCoding):
    """Spikes of the sign of x with probability min(1, |x| / 2), x the normalised pixel (Kim and Panda 2021, arXiv 2010.01729)."""

    signed = True
    ternary = True

    def chances(self, images: Images, normalise: Callable[[Tensor], Tensor]) -> Chances:
        """See ``RateCoding``."""
        pixels = normalise(torch.from_numpy(images)).cpu().numpy()
        # float64 holds every one of the 32-bit numbers, and their limits
        limits = np.ceil(np.minimum(np.abs(pixels.astype(np.float64)) / 2, 1) * _RANGE)
        return Chances(np.minimum(limits, _RANGE - 1).astype(np.uint32), np.sign(pixels))
