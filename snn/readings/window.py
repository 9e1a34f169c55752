"""Spikes of some of the time steps."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Literal, Self

import torch
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.layer_info import LayerInfo
from spikeatlas.snn.readings.base import Layers, TrainReading, spike_problems
from spikeatlas.snn.registry import SPEC


@dataclass(frozen=True, config=SPEC)
class WindowReading(TrainReading):
    """Spikes of the steps start <= t < stop, divided by their number, stop - start."""

    kind: Literal["window"] = "window"
    start: Annotated[int, Field(ge=0)] = 0
    """First step that counts, from 0."""
    stop: Annotated[int, Field(ge=1)] = 1
    """The step behind the last that counts (> start, at most the network's steps)."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.stop <= self.start:
            raise ValueError(
                f"stop is {self.stop} and start {self.start}: the window holds no step; "
                f"let stop be at least {self.start + 1}."
            )
        return self

    def problems(self, layers: Layers, time_steps: int | None) -> list[str]:
        """It needs spikes over time, and steps within them."""
        problems = spike_problems(self.kind, layers, time_steps)
        if time_steps is not None and self.stop > time_steps:
            problems.append(
                f"stop of the window is {self.stop}, but the network runs {time_steps} time steps: "
                f"let it be at most {time_steps}."
            )
        return problems

    def layers(self, layers: Layers, time_steps: int | None) -> dict[str, LayerInfo]:
        """Return the layers, one spike of which counts for more."""
        return {layer: self._layer(info, time_steps or 1) for layer, info in layers.items()}

    def _layer(self, info: LayerInfo, time_steps: int) -> LayerInfo:
        name = f"{info.unit.name}, from step {self.start} to {self.stop - 1}"
        quantum = info.unit.quantum
        if quantum is not None:
            quantum = quantum * time_steps / (self.stop - self.start)
        return dataclasses.replace(
            info, unit=dataclasses.replace(info.unit, name=name, quantum=quantum)
        )

    def fold(self, value: Tensor | None, spikes: Tensor, first: int) -> Tensor:
        """Sum of the window's steps so far, float64."""
        inside = spikes[max(0, self.start - first) : max(0, self.stop - first)]
        total = inside.sum(0, dtype=torch.float64)
        return total if value is None else value + total

    def total(self, value: Tensor, time_steps: int) -> Tensor:
        """Sum over the window."""
        del time_steps
        return value

    def divisor(self, time_steps: int) -> int:
        """Return the window's steps."""
        del time_steps
        return self.stop - self.start
