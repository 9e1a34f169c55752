"""What the methods for Gaussian latents share."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.spaces.space import GaussianSpace, Points, Space


def gaussian(space: Space, method: str) -> GaussianSpace:
    """The space as a Gaussian one; ValueError, naming the method, where it is not."""
    if not isinstance(space, GaussianSpace):
        raise ValueError(  # noqa: TRY004 (a user's choice, like any other)
            f"the space is a {type(space).__name__}, but {method} moves along the axes of a "
            "GaussianSpace; choose a method for codes, say tt or ga, or a generator with "
            "Gaussian latents"
        )
    return space


def snapped(space: GaussianSpace, points: npt.NDArray[np.float64]) -> Points:
    """Points (..., d) of the space nearest to real vectors (..., d)."""
    return space.nearest(points.reshape(-1, space.dim)).reshape(points.shape)
