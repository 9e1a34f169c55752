"""Sizes of what is in memory at once."""

from __future__ import annotations

from collections.abc import Sequence

from spikeatlas.snn.responder.kernels.tiling import LANES
from spikeatlas.snn.responder.sites import Site
from spikeatlas.snn.responder.ways import WAYS, LayerPlan
from spikeatlas.snn.responder.ways.encoded import Encoded

# Bytes of one chunk's first currents: they are still in the cache when they are looked at.
_CACHED = 7 * 2**20


def chunk_images(
    sites: Sequence[Site], plans: Sequence[LayerPlan], *, constant: bool, batch_size: int
) -> int:
    """Images that go through all layers together, at least 1, in half of the memory."""
    first, plan = sites[0], plans[0]
    size = sum(map(_layer_bytes, sites, plans))
    if not constant:
        size += Encoded.image_bytes(first)
    fitting = first.memory // 2 // size
    if constant:
        computed = 4 * first.shape.positions * len(plan.neurons)
        fitting = min(fitting, _CACHED // computed)
    return _even(batch_size, max(1, min(batch_size, fitting)))


def _layer_bytes(site: Site, plan: LayerPlan) -> int:
    """Memory for one image in a layer, and for the bits that it hands on."""
    bits = 2 * -(-site.time_steps // 8) * site.shape.outputs * (site.shape.filters + LANES)
    return WAYS[plan.way].image_bytes(site, plan) + bits


def _even(batch_size: int, largest: int) -> int:
    """Chunk that divides the batch, if there is one not much below the largest possible."""
    divisors = [size for size in range(largest, 0, -1) if batch_size % size == 0]
    return divisors[0] if 3 * divisors[0] >= 2 * largest else largest
