"""The trial of a module: a few calls that tell its layers, its time and whether it can be replayed."""

from __future__ import annotations

from spikeatlas.snn.modules.trials.output_tree import (
    Keys,
    described,
    output_keys,
    output_name,
    part_of,
    tensor_keys,
)
from spikeatlas.snn.modules.trials.trial import Trial, TrialLayer, try_module
from spikeatlas.snn.modules.trials.trial_drive import InputKind
from spikeatlas.snn.modules.trials.trial_record import is_binary
from spikeatlas.snn.modules.trials.verdict import Answers, require_numbers, verdict

__all__ = [
    "Answers",
    "InputKind",
    "Keys",
    "Trial",
    "TrialLayer",
    "described",
    "is_binary",
    "output_keys",
    "output_name",
    "part_of",
    "require_numbers",
    "tensor_keys",
    "try_module",
    "verdict",
]
