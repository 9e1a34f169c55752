"""Latency of the first spike."""

from __future__ import annotations

import dataclasses
from typing import Literal

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.layer_info import LayerInfo, Unit
from spikeatlas.snn.readings.base import Layers, TrainReading, spike_problems
from spikeatlas.snn.registry import SPEC

_SILENT = -1


@dataclass(frozen=True, config=SPEC)
class LatencyReading(TrainReading):
    """1 - first / T, ``first`` the number, from 0, of the step of the first spike of either sign.

    So 1 for a spike at the first step, 1 / T for one at the last, 0 for silence.
    """

    kind: Literal["latency"] = "latency"

    def problems(self, layers: Layers, time_steps: int | None) -> list[str]:
        """It needs spikes over time."""
        return spike_problems(self.kind, layers, time_steps)

    def layers(self, layers: Layers, time_steps: int | None) -> dict[str, LayerInfo]:
        """Return the layers with this unit, in [0, 1]."""
        del time_steps
        name = "1 - step of the first spike / time steps"
        return {
            layer: dataclasses.replace(info, unit=Unit(name, info.unit.quantum))
            for layer, info in layers.items()
        }

    def fold(self, value: Tensor | None, spikes: Tensor, first: int) -> Tensor:
        """Step of the first spike so far, int64, from 0; -1 while there is none."""
        # of several largest values, argmax gives the first
        largest, steps = (spikes != 0).to(torch.uint8).max(0)
        steps = torch.where(largest > 0, steps + first, _SILENT)
        return steps if value is None else torch.where(value == _SILENT, steps, value)

    def total(self, value: Tensor, time_steps: int) -> Tensor:
        """Steps from the first spike on, that of the spike included."""
        return torch.where(value == _SILENT, 0, time_steps - value).double()

    def divisor(self, time_steps: int) -> int:
        """Return T."""
        return time_steps
