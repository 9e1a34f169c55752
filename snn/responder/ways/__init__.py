"""Exact ways to compute one layer's spikes: one class a file, one table; a plan strings them together."""

from __future__ import annotations

from spikeatlas.snn.responder.ways.base import LayerPlan, Way
from spikeatlas.snn.responder.ways.direct import Direct
from spikeatlas.snn.responder.ways.factorised import Factorised
from spikeatlas.snn.responder.ways.frames import Frames
from spikeatlas.snn.responder.ways.pattern_currents import PatternCurrents
from spikeatlas.snn.responder.ways.patterns import Patterns
from spikeatlas.snn.responder.ways.steps import BySteps
from spikeatlas.snn.responder.ways.trains import ByTrains
from spikeatlas.snn.responder.ways.windows import Windows

# In this order they are asked; of two that cost the same, the first is chosen.
WAYS: dict[str, type[Way]] = {
    "steps": BySteps,
    "trains": ByTrains,
    "direct": Direct,
    "frames": Frames,
    "factorised": Factorised,
    "patterns": Patterns,
    "windows": Windows,
    "pattern-currents": PatternCurrents,
}

__all__ = ["WAYS", "LayerPlan", "Way"]
