"""Comparisons of networks: each row of a file is trained with each seed, and held against its control."""

from __future__ import annotations

from spikeatlas.flows.benchmark.comparison.comparison import NetworkComparison, Row, read_comparison
from spikeatlas.flows.benchmark.comparison.comparison_table import comparison_table
from spikeatlas.flows.benchmark.comparison.piece import Piece, measure_piece
from spikeatlas.flows.benchmark.comparison.pieces import compare, read_pieces

__all__ = [
    "NetworkComparison",
    "Piece",
    "Row",
    "compare",
    "comparison_table",
    "measure_piece",
    "read_comparison",
    "read_pieces",
]
