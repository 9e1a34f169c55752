"""The contract of ways: exact computations of one layer's spikes, for the planner to choose from."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.responder.kernels.tiling import (
    LANES,
    Tiling,
    by_columns,
    by_filters,
    by_positions,
)
from spikeatlas.snn.responder.signals import Counts, Signal
from spikeatlas.snn.responder.sites import Feed, Site

Images = npt.NDArray[np.uint8]
Part = tuple[Counts, Signal | None]


@dataclasses.dataclass(frozen=True)
class LayerPlan:
    """The way chosen for one layer."""

    layer: str
    way: str
    neurons: tuple[int, ...]
    """Neurons that are computed."""
    cost: float
    """Predicted nanoseconds for one image on one core."""
    tiling: Tiling | None = None
    """For the ways that need one."""
    ranked: bool = False
    """True if sums are kept only for the trains that a tile's inputs fire: see ``Rises.ranked``."""
    note: str = ""
    """Reason of the choice."""


@dataclasses.dataclass(frozen=True, eq=False)
class Batches:
    """The batches in which a network is shown its stimuli."""

    network: SpikingNetwork
    batch_size: int
    chunk: int
    """Images that go through all layers together."""


class Way(ABC):
    """One way; an instance is a layer that is prepared to be computed so.

    Ways are classes in a table (``ways.WAYS``). Whatever fits must equal the plain loop spike for spike.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    """Of the way in a line of the plan."""

    @classmethod
    @abstractmethod
    def fits(cls, site: Site, feed: Feed) -> str | None:
        """Say why a layer behind this feed cannot be computed so; None if it can."""

    @classmethod
    @abstractmethod
    def options(cls, site: Site, feed: Feed) -> Iterator[LayerPlan]:
        """Plans for a layer that fits, each with its cost."""

    @classmethod
    @abstractmethod
    def gives(cls, site: Site, plan: LayerPlan) -> Feed:
        """Return what the next layer gets."""

    @classmethod
    def image_bytes(cls, site: Site, plan: LayerPlan) -> int:
        """Memory for one image while the layer is computed, beside the bits that it hands on."""
        del site, plan
        return 0

    @classmethod
    @abstractmethod
    def prepare(cls, site: Site, plan: LayerPlan, feed: Feed, batches: Batches) -> Self:
        """Copy the weights; later changes of the network are not seen."""

    def chunks(self, batch: Images, count: int) -> Iterator[Part]:
        """Counts, and what the next layer needs, of the first ``count`` images of a batch, in chunks.

        Of a first layer under constant current.
        """
        raise NotImplementedError

    def __call__(self, signal: Any) -> Part:
        """Spike counts (n, neurons) and, if a layer follows, what it needs; of any layer behind spikes."""
        raise NotImplementedError


def tilings(site: Site, channels: int) -> Iterator[Tiling]:
    """Ways to deal a layer's work out to the lanes; ``channels``: of its input, as stored."""
    shape, filters = site.shape, len(site.neurons)
    spans = (shape.height, shape.width)
    yield by_filters(*spans, channels, filters)
    if not site.last or any(span.pool_padding for span in spans):
        return
    room = LANES // (shape.height.pool * shape.width.pool * filters)
    for rows in range(1, min(room, shape.height.outputs) + 1):
        for columns in range(1, min(room // rows, shape.width.outputs) + 1):
            yield by_positions(*spans, channels, (rows, columns))


def row_tilings(site: Site, channels: int, filters: int) -> Iterator[Tiling]:
    """Yield those that compute some positions of a row at once, where lanes are left for it.

    Those of a row of a pool's window, or neighbours, where there is no pool (or one that averages).
    """
    height, width = site.shape.height, site.shape.width
    room = LANES // filters
    padded = height.pool_padding or width.pool_padding
    if not padded and 1 < width.pool <= room:
        yield by_columns(height, width, channels)
    for columns in (2, 4, 8, 16):
        unpooled = height.pool == width.pool == 1
        if unpooled and columns <= room and width.outputs % columns == 0:
            yield by_positions(height, width, channels, (1, columns))


def tiling_of(plan: LayerPlan) -> Tiling:
    """Return the tiling of a plan. ValueError where it has none."""
    if plan.tiling is None:
        raise ValueError(f"the plan of layer {plan.layer!r} has no tiling.")
    return plan.tiling
