"""The trial of a module: a few calls that tell its layers, its time and whether it can be replayed."""

from __future__ import annotations

from spikeatlas.snn.modules.trials.trial import Trial, TrialLayer, try_module
from spikeatlas.snn.modules.trials.trial_drive import InputKind

__all__ = ["InputKind", "Trial", "TrialLayer", "try_module"]
