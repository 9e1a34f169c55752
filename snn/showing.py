"""The way in which stimuli are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.coding import STILL, CodingKey
from spikeatlas.snn.device import Device
from spikeatlas.snn.readings import RATE, TrainReading, UnitChoice

ResponderKind = Literal["auto", "plain", "fast"]


@dataclass(frozen=True)
class Showing:
    """The way in which stimuli are shown."""

    batch_size: int = 256
    """Stimuli shown together, the last batch padded, so that a response depends on nothing but its stimulus."""
    key: CodingKey | None = None
    """Key of the random numbers of a stochastic subject."""
    presentations: int = 1
    """Showings of each stimulus to a stochastic subject, whose response is their mean."""
    kind: ResponderKind = "auto"
    """``plain``: the slowest and plainest way, which every other equals; ``fast``: sums in any order."""
    memory: int = 2**30
    """Bytes that working arrays may take."""
    reading: TrainReading = RATE
    """Of the spikes of one position over time."""
    unit: UnitChoice = "channel"
    """What is read of a layer with maps: the mean over a channel's, or the position of one neuron."""
    device: Device = "cpu"
    """``cuda``: in the plainest way that runs there, whose sums are of another order than the processor's."""


def check_stimuli(
    images: NDArray[np.uint8], shape: tuple[int, int, int], *, sequences: bool = False
) -> None:
    """Raise ValueError unless ``images`` are stimuli uint8 (n, c, h, w) of a shape (c, h, w).

    ``sequences``: they may have frames, (n, F, c, h, w).
    """
    if images.dtype != np.uint8:
        raise ValueError(
            f"images have type {images.dtype}: stimuli are uint8, 0 to 255; scale and round them."
        )
    axes = (STILL, STILL + 1) if sequences else (STILL,)
    if images.ndim not in axes or images.shape[-3:] != shape:
        raise ValueError(
            f"images have shape {images.shape}: the network takes (n, {', '.join(map(str, shape))})."
        )
