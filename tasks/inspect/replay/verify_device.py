"""The device of a replay, and the spikes that another one than the atlas's changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.device import Device, device_problem
from spikeatlas.tasks.atlas import open_store, study_of
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models

SPIKE_SHARE = 1e-2
"""Largest share of a layer's spikes that may differ on another device: one flipped spike spreads in a deep network
(to 2.4 % of the last layer's responses in 3 of 96 images, where sums were of another order)."""

LEVELS = 1
"""Grey levels by which a decoded pixel may differ there: it is rounded from a sum."""


class SpikeCount(NamedTuple):
    """Spikes of a layer's stored responses."""

    different: int
    total: int

    def __add__(self, other: object) -> SpikeCount:
        assert isinstance(other, SpikeCount)
        return SpikeCount(self.different + other.different, self.total + other.total)


@dataclass(frozen=True)
class Devices:
    """The devices of an atlas and of its replay."""

    origin: Device = "cpu"
    """The atlas's."""
    replay: Device = "cpu"
    spikes: Mapping[str, SpikeCount] = field(default_factory=dict)
    """By layer, where the two are not the same."""

    @property
    def sound(self) -> bool:
        """True where no layer has too many spikes that differ."""
        counts = self.spikes.values()
        return all(count.different <= SPIKE_SHARE * max(count.total, 1) for count in counts)

    @property
    def lines(self) -> list[str]:
        """The devices and, by layer, the spikes that differ."""
        if self.origin == self.replay:
            return [f"made and replayed on {self.origin}"]
        return [
            f"made on {self.origin}, replayed on {self.replay}, whose sums are of another order",
            *(
                f"{layer}: {count.different:,} of {count.total:,} spikes differ"
                for layer, count in self.spikes.items()
            ),
        ]


def made_on(run: Run) -> Device:
    """The device that the atlas was made on."""
    device: Device = study_of(open_store(run.atlas))["responder"].get("device", "cpu")
    return device


def replayed_on(run: Run, device: Device | None = None) -> Run:
    """Return a run whose responses are computed on a device; None: on the atlas's own if it is here, or the processor.

    ValueError for a device that is not here.
    """
    problem = None if device is None else device_problem("--device", device)
    if problem is not None:
        raise ValueError(problem)
    origin = made_on(run)
    here = origin if device_problem("responder.device", origin) is None else "cpu"
    return run.with_fields(responder=replace(run.responder, device=device or here))


def spike_counts(
    run: Run, layer: str, stored: NDArray[np.float32], again: NDArray[np.float32]
) -> SpikeCount | None:
    """Return the spikes of a layer's responses, and how many differ in a replay; None where a response is no count."""
    quantum = models.source(run).layers[layer].unit.quantum
    if quantum is None:
        return None
    gaps, sums = (np.rint(np.abs(values) / quantum).sum() for values in (again - stored, stored))
    return SpikeCount(int(gaps), int(sums))


def summed(parts: Iterable[Mapping[str, SpikeCount]]) -> dict[str, SpikeCount]:
    """Return the sums of counts by layer."""
    totals: dict[str, SpikeCount] = {}
    for part in parts:
        for layer, count in part.items():
            totals[layer] = totals.get(layer, SpikeCount(0, 0)) + count
    return totals


def unlike(
    decoded: NDArray[np.uint8], images: NDArray[np.uint8], *, foreign: bool
) -> NDArray[np.int64]:
    """Return how many values of each image (n,) a latent does not decode to; ``foreign``: on another device."""
    gaps = np.abs(decoded.astype(np.int16) - images.astype(np.int16))
    values: NDArray[np.int64] = (gaps > (LEVELS if foreign else 0)).sum(
        axis=tuple(range(1, gaps.ndim))
    )
    return values
