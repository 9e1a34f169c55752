"""Ascents along gradients, through a generator."""

from __future__ import annotations

from spikeatlas.snn.ascent.gradient_ascent import (
    ASCENTS,
    Answers,
    AscentOptions,
    Climber,
    ascend,
    make_climber,
    mean_rates,
)
from spikeatlas.snn.ascent.latent_path import CodePath, Confine, LatentPath, VectorPath, make_path

__all__ = [
    "ASCENTS",
    "Answers",
    "AscentOptions",
    "Climber",
    "CodePath",
    "Confine",
    "LatentPath",
    "VectorPath",
    "ascend",
    "make_climber",
    "make_path",
    "mean_rates",
]
