"""Evaluation of the images that a generator makes."""

from __future__ import annotations

from spikeatlas.snn.generators.evaluation.frechet import frechet_distance
from spikeatlas.snn.generators.evaluation.neighbours import (
    NEIGHBOURS,
    Memorisation,
    Overlap,
    density_quantile,
    kth_distances,
    memorisation,
    nearest_distances,
    precision_recall,
)
from spikeatlas.snn.generators.evaluation.quality import (
    Judge,
    Quality,
    class_shares,
    independent_pixels,
    mean_confidence,
    measure_quality,
)
from spikeatlas.snn.generators.evaluation.stimulus_variety import (
    DRAWS,
    StimulusVariety,
    measure_variety,
)

__all__ = [
    "DRAWS",
    "NEIGHBOURS",
    "Judge",
    "Memorisation",
    "Overlap",
    "Quality",
    "StimulusVariety",
    "class_shares",
    "density_quantile",
    "frechet_distance",
    "independent_pixels",
    "kth_distances",
    "mean_confidence",
    "measure_quality",
    "measure_variety",
    "memorisation",
    "nearest_distances",
    "precision_recall",
]
