"""Tensor-train search (MANGO's method, after PROTES)."""

from __future__ import annotations

from spikeatlas.optim.methods.tt.quantization import Modes, modes_of, modes_problems
from spikeatlas.optim.methods.tt.tt import TensorTrain, TTOptions

__all__ = ["Modes", "TTOptions", "TensorTrain", "modes_of", "modes_problems"]
