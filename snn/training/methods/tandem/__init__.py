"""Progressive tandem learning: a network of analogue layers, converted one by one to spiking ones."""

from __future__ import annotations

from spikeatlas.snn.training.methods.tandem.tandem_learner import TandemLearner
from spikeatlas.snn.training.methods.tandem.tandem_method import TandemMethod

__all__ = ["TandemLearner", "TandemMethod"]
