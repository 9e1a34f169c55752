"""What the ways to compute a layer cost, in nanoseconds for one image on one core.

Fitted constants of a 2.6 GHz server core with 512-bit vectors, at full load; ``benchmark`` measures
what they stand for. Only their ratios matter, and a choice never depends on the machine it is made
on: a replay elsewhere sums in the same order.
"""

from __future__ import annotations

from spikeatlas.snn.responder.kernels.tiling import Tiling
from spikeatlas.snn.responder.shapes import Shape, work

# A multiplication and addition of torch's convolution or matrix product, 32 bits.
_MULTIPLY = 0.012
# Writing a number of a map and reading it again; spikes are unpacked besides.
_COPY = 0.8
# Normalising a pixel and handing it to torch; one pixel of the first map, whatever its channels.
_PIXEL, _PLACE = 5.0, 100.0
# One neuron through one time step.
_STEP = 0.7
# Looking one neuron's train up.
_LOOK = 1.7
# One weight row of 32 lanes added to its train's or pattern's sum; with the row's own bookkeeping.
_ROW = 1.65
# One train's sum of 32 lanes: cleared, bounded, summed up.
_TRAIN = 6.5
# One rise of 32 lanes.
_RISE = 0.65
# One time step of 32 neurons.
_FIRE = 9.0
# Ranking the trains of a tile: for each train of the table, each input of the tile, each rise.
_RANK = (0.7, 2.0, 0.6)
# Four time steps of 32 lanes: 15 patterns cleared, and summed into four currents.
_GROUP = 90.0
# One input listed for four time steps.
_LIST = 0.9
# One frame of spikes unpacked and handed to torch, whatever its size.
_FRAME = 500.0
# One multiplication of the loop over a few filters.
_DIRECT = 0.04

# Share of inputs that ever fire, and of inputs that fire within four steps. Natural pictures lie
# below (0.4 and 0.4), noise above (0.8 and 0.9).
ACTIVE = 0.6
ACTIVE_IN_FOUR = 0.65
# Different trains in a tile, at most: those of a large table are far from evenly used.
_PRESENT = 700


def first_by_trains(shape: Shape, neurons: int) -> float:
    """Operator once for some filters, then a look-up for every neuron."""
    places = shape.outputs * (_PLACE + _LOOK * neurons)
    return _operator_once(shape, neurons) + places


def _operator_once(shape: Shape, neurons: int) -> float:
    computed = work(shape) * neurons / shape.filters * _MULTIPLY
    return _PIXEL * shape.input_map + computed + _COPY * shape.positions * neurons


def first_directly(shape: Shape, neurons: int) -> float:
    """A few filters, one after the other."""
    share = neurons / shape.filters
    return work(shape) * share * _DIRECT + _LOOK * shape.outputs * neurons + _COPY * shape.input_map


def first_by_steps(shape: Shape, time_steps: int) -> float:
    """Operator once, then all neurons through time."""
    stepped = _STEP * shape.outputs * shape.filters * time_steps
    return _operator_once(shape, shape.filters) + stepped


def frames(shape: Shape, time_steps: int) -> float:
    """Torch's operator at every step, then all neurons through time."""
    copied = 2 * _COPY * (shape.input_map + shape.positions * shape.filters)
    step = work(shape) * _MULTIPLY + copied + _STEP * shape.outputs * shape.filters
    return (step + _FRAME) * time_steps


def factorised(tiling: Tiling, trains: int, rises: int, time_steps: int, *, ranked: bool) -> float:
    """Weights summed per train, then over time."""
    used = min(trains, _PRESENT, int(ACTIVE * _seen(tiling))) if ranked else trains
    one_pass = _ROW * ACTIVE * _window(tiling) + _TRAIN * used + _RISE * rises
    blocks = tiling.blocks * (_passes(tiling) * one_pass + _FIRE * time_steps)
    ranking = _RANK[0] * trains + _RANK[1] * ACTIVE * _seen(tiling) + _RANK[2] * rises
    return _tiles(tiling) * (blocks + (ranking if ranked else 0))


def patterns(tiling: Tiling, time_steps: int) -> float:
    """Weights summed per pattern of four steps."""
    groups = -(-time_steps // 4)
    one_pass = groups * (_ROW * ACTIVE_IN_FOUR * _window(tiling) + _GROUP)
    blocks = tiling.blocks * (_passes(tiling) * one_pass + _FIRE * time_steps)
    inputs = tiling.height.inputs * tiling.width.inputs * tiling.channels
    return _tiles(tiling) * blocks + _LIST * groups * inputs


def _tiles(tiling: Tiling) -> int:
    return tiling.height.tiles * tiling.width.tiles


def _passes(tiling: Tiling) -> int:
    return tiling.height.passes * tiling.width.passes


def _window(tiling: Tiling) -> int:
    """Inputs of one pass, at most."""
    height = min(tiling.height.window, tiling.height.inputs)
    return height * min(tiling.width.window, tiling.width.inputs) * tiling.channels


def _seen(tiling: Tiling) -> int:
    """Inputs of all passes over a tile, at most."""
    sides = [
        min(axis.inputs, axis.window + (axis.passes - 1) * axis.pass_step)
        for axis in (tiling.height, tiling.width)
    ]
    return sides[0] * sides[1] * tiling.channels
