"""Costs that the ways are made up of, in nanoseconds on one core.

Fitted constants of a 2.6 GHz server core with 512-bit vectors, at full load; the benchmark of responses
measures what they stand for. Only their ratios matter, and a choice never depends on the machine it is
made on: a replay elsewhere sums in the same order.
"""

from __future__ import annotations

from spikeatlas.snn.responder.kernels.tiling import Tiling
from spikeatlas.snn.responder.shapes import LayerShape

MULTIPLY = 0.012
"""A multiplication and addition of torch's convolution or matrix product, 32 bits."""
COPY = 0.8
"""Writing a number of a map and reading it again; spikes are unpacked besides."""
PIXEL = 5.0
"""Normalising a pixel and handing it to torch."""
STEP = 0.7
"""One neuron through one time step."""
LOOK = 1.7
"""Looking one neuron's train up."""
ROW = 1.65
"""One weight row of 32 lanes added to its train's or pattern's sum; with the row's own bookkeeping."""
FIRE = 9.0
"""One time step of 32 neurons."""


def operator_once(shape: LayerShape, neurons: int) -> float:
    """Torch's operator once for some filters, from the pixels on."""
    computed = shape.work * neurons / shape.filters * MULTIPLY
    return PIXEL * shape.input_map + computed + COPY * shape.positions * neurons


def tiles(tiling: Tiling) -> int:
    """Tiles of a map."""
    return tiling.height.tiles * tiling.width.tiles


def passes(tiling: Tiling) -> int:
    """Passes over a tile."""
    return tiling.height.passes * tiling.width.passes


def window(tiling: Tiling) -> int:
    """Inputs of one pass, at most."""
    height = min(tiling.height.window, tiling.height.inputs)
    return height * min(tiling.width.window, tiling.width.inputs) * tiling.channels
