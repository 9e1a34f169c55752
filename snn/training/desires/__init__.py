"""Desire backpropagation: what units are wished to do, and what that makes of the weights."""

from __future__ import annotations

from spikeatlas.snn.training.desires.desire_shares import DesireShares, desire_shares
from spikeatlas.snn.training.desires.desire_signals import DesireRule
from spikeatlas.snn.training.desires.layer_record import LayerRecord, record_layers
from spikeatlas.snn.training.desires.silent_wishes import SilentWishes
from spikeatlas.snn.training.desires.spike_traces import spike_traces, weight_change

__all__ = [
    "DesireRule",
    "DesireShares",
    "LayerRecord",
    "SilentWishes",
    "desire_shares",
    "record_layers",
    "spike_traces",
    "weight_change",
]
