"""Responses of spiking layers to stimuli."""

from __future__ import annotations

from spikeatlas.snn.responder.plain import (
    PlainResponder,
    Responses,
    check_counts,
    check_weights,
)
from spikeatlas.snn.responder.responder import Responder
from spikeatlas.snn.responder.shapes import layer_shapes

__all__ = [
    "PlainResponder",
    "Responder",
    "Responses",
    "check_counts",
    "check_weights",
    "layer_shapes",
]
