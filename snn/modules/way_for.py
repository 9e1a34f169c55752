"""The seam to faster ways of computing a module's responses, each held against the hooks before it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from spikeatlas.snn.coding import STILL
from spikeatlas.snn.graph import FastWay, fast_way
from spikeatlas.snn.modules.capture import LayerPlace
from spikeatlas.snn.modules.drive import ModuleDrive
from spikeatlas.snn.modules.pixel_scaling import PixelScaling

Images = NDArray[np.uint8]
Rates = dict[str, NDArray[np.float64]]
_BATCH = 8
NEAR = 0.05
"""Largest difference of a response by sums in another order, on the images that a way is tried with.

In a deep network a spike that falls on the other side changes others. Measured on spiking ResNet-18: 2 of 96 images answer
otherwise, in up to 1.6 % of a layer's responses, by up to 0.03 on maps of 16 positions, but 0.25 where a map has
one. Eight images see that seldom, so the plan says it.
"""


class FasterWay(Protocol):
    """A way that computes spike rates without the module; threads may share it."""

    @property
    def name(self) -> str:
        """Of the way, in a plan."""
        ...

    def reordered(self) -> FasterWay | None:
        """Return the same way with sums in the fastest order; None where there is none faster."""
        ...

    def plainer(self) -> FasterWay | None:
        """Return the same way with fewer steps that could sum in another order; None if there is none."""
        ...

    def describe(self, names: Sequence[str]) -> list[str]:
        """Say how each layer is computed, in a line."""
        ...

    def counts(
        self,
        images: Images,
        names: Sequence[str],
        neurons: Mapping[str, Sequence[int]],
        *,
        batch_size: int,
    ) -> Rates:
        """Spikes a step and position (n, neurons) of stimuli uint8 (n, c, h, w) or (n, F, c, h, w), by layer."""
        ...


class FramedWay:
    """A faster way that is shown sequences as hooks are: each frame at its own time steps, layer by layer."""

    def __init__(self, way: FastWay, drive: ModuleDrive, scaling: PixelScaling) -> None:
        self._way, self._drive, self._scaling = way, drive, scaling

    @property
    def name(self) -> str:
        """See ``FasterWay``."""
        return self._way.name

    def reordered(self) -> FramedWay | None:
        """See ``FasterWay``."""
        return self._around(self._way.reordered())

    def plainer(self) -> FramedWay | None:
        """See ``FasterWay``."""
        return self._around(self._way.plainer())

    def _around(self, way: FastWay | None) -> FramedWay | None:
        return None if way is None else FramedWay(way, self._drive, self._scaling)

    def describe(self, names: Sequence[str]) -> list[str]:
        """See ``FasterWay``."""
        return self._way.describe(names)

    def counts(
        self,
        images: Images,
        names: Sequence[str],
        neurons: Mapping[str, Sequence[int]],
        *,
        batch_size: int,
    ) -> Rates:
        """See ``FasterWay``. ValueError for sequences that the module cannot be shown, and for a wrong number of answers."""
        stimuli = images if images.ndim == STILL else self._frames(images)
        rates = self._way.counts(stimuli, names, neurons, batch_size=batch_size)
        for name, rows in rates.items():
            if rows.shape != (len(images), len(neurons[name])):
                raise ValueError(
                    f"the way {self.name} answers {len(images)} images with {rows.shape} in layer {name}."
                )
        return rates

    def _frames(self, images: Images) -> Tensor:
        """Frames (T, n, c, h, w) of sequences uint8 (n, F, c, h, w)."""
        frames = self._scaling.frames(images, None, self._drive.time_steps)
        self._drive.require_shown(len(frames))
        return frames


def way_for(
    module: nn.Module,
    layers: Mapping[str, LayerPlace],
    drive: ModuleDrive,
    scaling: PixelScaling,
    examples: Images,
) -> FasterWay | str:
    """Return the fastest way that fits a module, or a line that says why there is none.

    ``layers``: spiking ones, shallow to deep; ``examples``: stimuli uint8 (8, c, h, w), normalised by ``scaling``.
    """
    if drive.time_steps is None:
        return "the module knows no time"
    if any(place.shape.last for place in layers.values()):
        return "its neurons are features of tokens, and no faster way has them last"
    try:
        way = fast_way(
            module,
            {name: (place.path, place.use) for name, place in layers.items()},
            drive=drive.kind,
            time_steps=drive.time_steps,
            example=scaling.normalise(examples[:2]),
            mean=scaling.mean.tolist(),
            std=scaling.std.tolist(),
        )
        return way if isinstance(way, str) else FramedWay(way, drive, scaling)
    except Exception as error:  # noqa: BLE001 - a user's code may be read in no way, and is still called
        return f"no faster way reads it: {type(error).__name__}: {error}".splitlines()[0]


def proven(
    way: FasterWay | str,
    neurons: Mapping[str, Sequence[int]],
    examples: Images,
    by_hooks: Callable[[Images], Rates],
) -> FasterWay | str:
    """Hold a way, and then its plainer one, against the hooks on stimuli uint8 (8, c, h, w) or (8, F, c, h, w).

    The first of the two all of whose rates are equal; if neither's are, why not.
    """
    if isinstance(way, str):
        return way
    reasons: list[str] = []
    candidate: FasterWay | None = way
    expected = by_hooks(examples)
    while candidate is not None:
        reason = _difference(candidate, neurons, examples, expected)
        if reason is None:
            return candidate
        reasons.append(reason)
        candidate = candidate.plainer()
    return "; ".join(reasons)


def near(
    way: FasterWay,
    neurons: Mapping[str, Sequence[int]],
    examples: Images,
    by_hooks: Callable[[Images], Rates],
) -> FasterWay:
    """Return a proven way with sums in the fastest order, if that gives almost its responses; else the way itself."""
    other = way.reordered()
    if other is None:
        return way
    rates = other.counts(examples, list(neurons), neurons, batch_size=_BATCH)
    gaps = [
        float(np.abs(rates[layer] - values).max()) for layer, values in by_hooks(examples).items()
    ]
    return other if max(gaps) <= NEAR else way


def _difference(
    way: FasterWay, neurons: Mapping[str, Sequence[int]], examples: Images, expected: Rates
) -> str | None:
    """Say in which layer a way differs from the module, or fails; None where all rates are equal."""
    try:
        rates = way.counts(examples, list(neurons), neurons, batch_size=_BATCH)
    except Exception as error:  # noqa: BLE001 - whatever fails, the hooks still answer
        line = f"the way {way.name} fails on this module ({type(error).__name__}: {error})"
        return line.splitlines()[0]
    for layer, values in expected.items():
        if not np.array_equal(rates[layer].astype(np.float32), values.astype(np.float32)):
            return f"the way {way.name} does not give the module's own responses in layer {layer}"
    return None
