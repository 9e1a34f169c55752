"""Neurons that see what was fired a step before."""

from __future__ import annotations

from spikeatlas.snn.neurons.delayed.desire_if import DesireIfNeuron, DesireIfSpec

__all__ = ["DesireIfNeuron", "DesireIfSpec"]
