"""Spikes of all time steps, divided by their number."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.layer_info import LayerInfo
from spikeatlas.snn.readings.base import Layers, TrainReading
from spikeatlas.snn.registry import SPEC


@dataclass(frozen=True, config=SPEC)
class RateReading(TrainReading):
    """Spikes a time step: their sum over the T steps, divided by T. What is no spike is averaged alike."""

    kind: Literal["rate"] = "rate"

    def problems(self, layers: Layers, time_steps: int | None) -> list[str]:
        """There are none: every layer has a mean."""
        del layers, time_steps
        return []

    def layers(self, layers: Layers, time_steps: int | None) -> dict[str, LayerInfo]:
        """Return the layers as they are: the rate is their own unit."""
        del time_steps
        return dict(layers)

    def fold(self, value: Tensor | None, spikes: Tensor, first: int) -> Tensor:
        """Sum so far, float64."""
        del first
        total = spikes.sum(0, dtype=torch.float64)
        return total if value is None else value + total

    def total(self, value: Tensor, time_steps: int) -> Tensor:
        """Sum over all steps."""
        del time_steps
        return value

    def divisor(self, time_steps: int) -> int:
        """Return T."""
        return time_steps
