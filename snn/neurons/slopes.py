"""The surrogate gradients that compiled passes over a sequence know: a number each, and their derivative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.compiled import compiled
from spikeatlas.snn.neurons.surrogates import (
    ATan,
    FastSigmoid,
    Rectangle,
    StraightThrough,
    SurrogateSpec,
    Triangle,
)

Array = npt.NDArray[np.float32]
Single = np.float32
Shape = tuple[int, Single, Single]
"""Of a gradient, as compiled functions take it: see ``SlopeCode``."""

FAST_SIGMOID, ATAN, TRIANGLE, RECTANGLE, STRAIGHT_THROUGH = range(5)


class SlopeCode(NamedTuple):
    """A surrogate gradient, as compiled passes know it."""

    kind: int
    """``FAST_SIGMOID`` and so on."""
    first: float = 0.0
    """Slope of a fast sigmoid, alpha of an arcus tangent, half the width of a triangle or a rectangle."""
    second: float = 0.0
    """Height of a triangle."""

    def shape(self) -> Shape:
        """Return the same as ``slopes`` takes it."""
        return self.kind, np.float32(self.first), np.float32(self.second)


# the exact class: a subclass may have another gradient
_CODES: dict[type[SurrogateSpec], Callable[[Any], SlopeCode]] = {
    FastSigmoid: lambda surrogate: SlopeCode(FAST_SIGMOID, surrogate.slope),
    ATan: lambda surrogate: SlopeCode(ATAN, surrogate.alpha),
    Triangle: lambda surrogate: SlopeCode(TRIANGLE, surrogate.width / 2, surrogate.height),
    Rectangle: lambda surrogate: SlopeCode(RECTANGLE, surrogate.width / 2),
    StraightThrough: lambda _: SlopeCode(STRAIGHT_THROUGH),
}


def slope_code(surrogate: SurrogateSpec) -> SlopeCode | None:
    """Return a surrogate as compiled passes know it; None for one that they do not know."""
    code = _CODES.get(type(surrogate))
    return None if code is None else code(surrogate)


@compiled
def slopes(charged: Array, threshold: Single, shape: Shape, result: Array) -> None:
    """Write the derivative of a spike at these membranes to ``result``, another array (or no loop is vectorised).

    Both (lanes,); ``shape`` as ``SlopeCode.shape`` gives it. Where thresholds differ: excesses, and a threshold of 0.
    """
    kind, first, second = shape
    one, zero = np.float32(1), np.float32(0)
    # np.divide: Python's division looks for zeros, and is not vectorised
    if kind == FAST_SIGMOID:
        for i in range(len(charged)):
            flat = one + first * abs(charged[i] - threshold)
            result[i] = np.divide(one, flat * flat)
    elif kind == ATAN:
        half = first / np.float32(2)
        for i in range(len(charged)):
            angle = np.float32(np.pi) * half * (charged[i] - threshold)
            result[i] = np.divide(half, one + angle * angle)
    elif kind == TRIANGLE:
        for i in range(len(charged)):
            height = one - np.divide(abs(charged[i] - threshold), first)
            result[i] = second * height if height > zero else zero
    elif kind == RECTANGLE:
        for i in range(len(charged)):
            result[i] = one if abs(charged[i] - threshold) < first else zero
    else:
        for i in range(len(charged)):
            result[i] = one
