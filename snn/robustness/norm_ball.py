"""The ball around an image that an attack stays in, and the images of 8 bits in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
Floats = NDArray[np.float64]
Norm = Literal["linf", "l2"]

_ROUNDING = 1e-6
"""Of a radius that is a whole number of grey levels, but for rounding."""
_HALVINGS = 24
"""Of the interval in which the largest factor is looked for."""


@dataclass(frozen=True)
class Ball:
    """All images no further than ``radius`` from a centre, pixels from 0 to 1.

    ``linf``: no pixel (of a channel) differs by more; ``l2``: the root of the summed squares is not larger.
    """

    norm: Norm
    radius: float
    """In units of pixels/255 (> 0)."""

    def steepest(self, slopes: Floats) -> Floats:
        """Steps (n, c, h, w) of length 1 along which a loss of these slopes rises most; 0 where all slopes are 0.

        linf: sign(g); l2: g / ||g||.
        """
        if self.norm == "linf":
            return np.sign(slopes)
        lengths = _lengths(slopes)
        return np.divide(slopes, lengths, out=np.zeros_like(slopes), where=lengths > 0)

    def project(self, pixels: Floats, centres: Images) -> Floats:
        """Move pixels (n, c, h, w) into the balls around ``centres``, then into 0 to 1, which leaves no ball."""
        middle = centres / 255
        change = pixels - middle
        if self.norm == "linf":
            change = np.clip(change, -self.radius, self.radius)
        else:
            change = change * np.minimum(1, self.radius / np.maximum(_lengths(change), 1e-300))
        return np.clip(middle + change, 0, 1)

    def images(self, pixels: Floats, centres: Images) -> Images:
        """Round pixels (n, c, h, w) in the balls to 8 bits, so that the images are in them too.

        linf: changes are cut at the whole grey levels that the radius has. l2: a change that rounding makes too long
        is shortened by the smallest factor that suffices.
        """
        change = pixels * 255 - centres
        rounded = self._shortened(change) if self.norm == "l2" else self._cut(change)
        return np.clip(centres + rounded, 0, 255).astype(np.uint8)

    @property
    def levels(self) -> int:
        """Whole grey levels of the radius."""
        return int(self.radius * 255 + _ROUNDING)

    def _cut(self, change: Floats) -> Floats:
        return np.clip(np.rint(change), -self.levels, self.levels)

    def _shortened(self, change: Floats) -> Floats:
        rounded = np.rint(change)
        too_long = np.flatnonzero(~self._holds(rounded))
        if len(too_long):
            rounded[too_long] = self._largest(change[too_long])
        return rounded

    def _largest(self, change: Floats) -> Floats:
        """Changes times the largest factor below 1 with which they are in the ball when rounded.

        Rounding is monotone, so the length rises with the factor, and halving finds it.
        """
        shape = (len(change), *[1] * (change.ndim - 1))
        low, high = np.zeros(shape), np.ones(shape)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            fits = self._holds(np.rint(change * middle)).reshape(shape)
            low, high = np.where(fits, middle, low), np.where(fits, high, middle)
        return np.rint(change * low)

    def _holds(self, rounded: Floats) -> NDArray[np.bool_]:
        squares: Floats = np.square(rounded).reshape(len(rounded), -1).sum(axis=1)
        return squares <= (self.radius * 255 + _ROUNDING) ** 2


def farthest(images: Images, centres: Images) -> dict[Norm, float]:
    """Return the largest distance of images (n, c, h, w) from their centres, in units of pixels/255; 0 for none."""
    change = (images.astype(np.float64) - centres) / 255
    if not change.size:
        return {"linf": 0.0, "l2": 0.0}
    return {"linf": float(np.abs(change).max()), "l2": float(_lengths(change).max())}


def _lengths(values: Floats) -> Floats:
    """Euclidean lengths (n, 1, 1, 1) of values (n, c, h, w)."""
    flat = np.linalg.norm(values.reshape(len(values), -1), axis=1)
    return flat.reshape(len(values), *[1] * (values.ndim - 1)).astype(np.float64)
