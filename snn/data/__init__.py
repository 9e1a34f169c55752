"""Natural images: the data sets that networks learn and generators imitate."""

from __future__ import annotations

from spikeatlas.snn.data.image_choice import SMALLEST_CLASS, choose_images
from spikeatlas.snn.data.load import load_data
from spikeatlas.snn.data.model import DataSet, DataSpec, Split

__all__ = ["SMALLEST_CLASS", "DataSet", "DataSpec", "Split", "choose_images", "load_data"]
