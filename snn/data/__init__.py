"""Natural images: the data sets that networks learn and generators imitate."""

from __future__ import annotations

from spikeatlas.snn.data.load import load_data
from spikeatlas.snn.data.model import DataSet, DataSpec, Split

__all__ = ["DataSet", "DataSpec", "Split", "load_data"]
