"""Surgery: units of a layer are cut out of a network, with all that belongs to them."""

from __future__ import annotations

from spikeatlas.snn.surgery.cutting import cut_problems, fit_units, keep_units
from spikeatlas.snn.surgery.loudness import unit_peaks
from spikeatlas.snn.surgery.unit_tensors import UnitTensor, unit_tensors

__all__ = [
    "UnitTensor",
    "cut_problems",
    "fit_units",
    "keep_units",
    "unit_peaks",
    "unit_tensors",
]
