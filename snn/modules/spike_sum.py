"""Sums, or other readings, of a layer's outputs over time and positions: the one place where spikes become responses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spikeatlas.snn.readings import TrainReading, UnitChoice


class SpikeSum:
    """Outputs of some neurons of a layer, added up as they come.

    Sums are float64: exact for spikes.
    """

    def __init__(self, neurons: Sequence[int] | None = None) -> None:
        self._neurons = None if neurons is None else torch.tensor(list(neurons), dtype=torch.int64)
        self.total: Tensor | None = None
        """(n, neurons, *map), the sum over the steps so far."""
        self.steps = 0
        """Steps so far."""

    @property
    def is_whole(self) -> bool:
        """True for a sum of all neurons."""
        return self._neurons is None

    def add(self, frames: Tensor) -> None:
        """Add outputs (k, n, channels, *map) of k further steps."""
        total = self.chosen(frames).sum(0, dtype=torch.float64)
        self.total = total if self.total is None else self.total + total
        self.steps += len(frames)

    def chosen(self, frames: Tensor) -> Tensor:
        """Return the outputs of its neurons."""
        if self._neurons is None:
            return frames
        return frames.index_select(2, self._neurons.to(frames.device))

    def sums(self) -> Tensor:
        """Sums (n, neurons) over steps and positions. ValueError where nothing was added."""
        if self.total is None:
            raise ValueError("the module did not call this layer, which its trial did.")
        sums = self.total.flatten(2).sum(2) if self.total.dim() > 2 else self.total
        return sums.cpu()

    def means(self) -> NDArray[np.float64]:
        """Means (n, neurons) over steps and positions: of spikes, their rate."""
        sums = self.sums()
        assert self.total is not None
        positions = max(self.total[0, 0].numel(), 1) if len(self.total) else 1
        means: NDArray[np.float64] = sums.numpy() / (self.steps * positions)
        return means


class SpikeReading(SpikeSum):
    """Outputs of some neurons of a layer, folded by a reading as they come."""

    def __init__(self, neurons: Sequence[int], reading: TrainReading, unit: UnitChoice) -> None:
        super().__init__(neurons)
        self._reading = reading
        self._unit = unit

    def add(self, frames: Tensor) -> None:
        """See ``SpikeSum``."""
        self.total = self._reading.fold(self.total, self.chosen(frames), self.steps)
        self.steps += len(frames)

    def means(self) -> NDArray[np.float64]:
        """Readings (n, neurons) after all steps. ValueError where nothing was added."""
        if self.total is None:
            return super().means()
        return self._reading.responses(self.total.cpu(), self.steps, self._unit)
