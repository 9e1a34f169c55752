"""Responses of spiking layers to stimuli."""

from __future__ import annotations

from snn.responder.plain import PlainResponder as Responder
from snn.responder.plain import Responses

__all__ = ["Responder", "Responses"]
