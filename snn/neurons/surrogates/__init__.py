"""Surrogate gradients: one file a member, one table."""

from __future__ import annotations

from spikeatlas.snn.neurons.surrogates.atan import ATan
from spikeatlas.snn.neurons.surrogates.base import SurrogateSpec
from spikeatlas.snn.neurons.surrogates.fast_sigmoid import DEFAULT_SURROGATE, FastSigmoid
from spikeatlas.snn.neurons.surrogates.rectangle import Rectangle
from spikeatlas.snn.neurons.surrogates.straight_through import StraightThrough
from spikeatlas.snn.neurons.surrogates.triangle import Triangle
from spikeatlas.snn.registry import Family

SURROGATES: Family[SurrogateSpec] = Family(
    "surrogate gradient",
    SurrogateSpec,  # type: ignore[type-abstract]
    {
        "fast-sigmoid": FastSigmoid,
        "atan": ATan,
        "triangle": Triangle,
        "rectangle": Rectangle,
        "straight-through": StraightThrough,
    },
)
"""``training.surrogate`` of a study."""


__all__ = [
    "DEFAULT_SURROGATE",
    "SURROGATES",
    "ATan",
    "FastSigmoid",
    "Rectangle",
    "StraightThrough",
    "SurrogateSpec",
    "Triangle",
]
