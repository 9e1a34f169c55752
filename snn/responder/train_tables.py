"""The few spike trains of a neuron under constant current, and the currents that make them.

A larger current never makes the membrane smaller while two neurons share their history: rounding is
monotone, so are the neuron's operations. Hence trains are ordered by the current, in float32 too,
and each belongs to one interval of it. The intervals' edges are found by bisection on the bit
patterns of float32, so they are exact.

That holds for the charges ``a v + I``, ``v + I``, ``v + b I`` and ``a v + b I`` with a, b >= 0, and of a synapse with a
share >= 0: products with such numbers and sums are monotone in v and I, each rounded. A reset keeps the order, as both
neurons have fired: it takes the same amount away, or sets the same value. It holds for ``(v - v / b) + I`` with b >= 1
(``(v - v b) + I``, 0 <= b <= 1) from c = 0 as well: where v grows to the next float32, the quotient, on a grid that is
not coarser than v's, grows by no more. It cannot be said of charges that subtract v from a current before they add it
again (SpikingJelly's decayed input, norse's, Euler's): that difference is rounded on the current's grid, so that a
larger v may give a smaller sum. These have no tables.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.neurons.rules.channel_scan import Channels, scan_channels
from spikeatlas.snn.neurons.rules.rule import CHARGES

Ints = npt.NDArray[np.int64]
# train numbers are uint16
MAX_TRAINS = 60_000
_SIGN = 0x8000_0000
_LARGEST = 1e30
"""Of currents that are told apart: with larger ones, membranes might overflow."""


@dataclasses.dataclass(frozen=True, eq=False)
class TrainTable:
    """All spike trains of a neuron in T steps, ordered by the current; the first one is silent."""

    edges: npt.NDArray[np.float32]
    """Smallest current (k,) of each train."""
    spikes: npt.NDArray[np.uint8]
    """Trains (k, bytes): bit i of byte b is step 8b + i."""
    rises: tuple[npt.NDArray[np.uint16], ...]
    """For each of the T steps: trains at which the count of spikes up to it grows by one, ascending."""

    @property
    def counts(self) -> Ints:
        """Spikes (k,) of each train."""
        counts: Ints = np.unpackbits(self.spikes, axis=1).sum(axis=1, dtype=np.int64)
        return counts


class NeuronKind(NamedTuple):
    """Neurons of one rule and one set of values."""

    codes: tuple[int, ...]
    """Of ``Channels.codes``."""
    values: tuple[float, ...]
    """A column of ``Channels.values``."""


def ordered(kind: NeuronKind) -> bool:
    """Tell whether a larger current is known to give no smaller membrane, as long as the spikes are the same."""
    a, b, c = kind.values[:3]
    if kind.values[7] < 0:
        return False
    return {
        "decay": a >= 0,
        "sum": True,
        "gain": b >= 0,
        "blend": a >= 0 and b >= 0,
        "divide_leak": c == 0 and b >= 1,
        "multiply_leak": c == 0 and 0 <= b <= 1,
    }.get(CHARGES[kind.codes[0]], False)


@functools.lru_cache(maxsize=64)
def train_table(kind: NeuronKind, time_steps: int) -> TrainTable | None:
    """Return the trains of a neuron; None where they are not ordered, or more than 60 000.

    None too where a larger current can make fewer spikes up to a step, or where the smallest makes any.
    """
    if not ordered(kind):
        return None
    keys = _keys(np.array([-_LARGEST, _LARGEST], np.float32))
    spikes = _run(keys, kind, time_steps)
    while (open_ := _open(keys, spikes)).any():
        middle = (keys[:-1][open_] + keys[1:][open_]) // 2
        inner = _run(middle, kind, time_steps)
        keys, spikes = _inner(np.concatenate([keys, middle]), np.concatenate([spikes, inner]))
        if len(keys) > 2 * MAX_TRAINS:
            return None
    first = np.concatenate([[True], (spikes[1:] != spikes[:-1]).any(axis=1)])
    rises = _rises(spikes[first], time_steps)
    if rises is None or first.sum() > MAX_TRAINS or spikes[0].any():
        return None
    return TrainTable(_currents(keys[first]), spikes[first], rises)


def _keys(currents: npt.NDArray[np.float32]) -> Ints:
    """Whole numbers in the order of the currents, neighbours for neighbouring floats."""
    bits = currents.view(np.uint32).astype(np.int64)
    return np.where(bits < _SIGN, bits, _SIGN - bits)


def _currents(keys: Ints) -> npt.NDArray[np.float32]:
    return np.where(keys < 0, _SIGN - keys, keys).astype(np.uint32).view(np.float32)


def _run(keys: Ints, kind: NeuronKind, time_steps: int) -> npt.NDArray[np.uint8]:
    spikes = np.empty((-(-time_steps // 8), len(keys)), np.uint8)
    none = np.empty((0, 1), np.float32)
    values = np.array(kind.values, np.float32)[:, None]
    neurons = Channels(np.array(kind.codes), values, none, none)
    counts = np.zeros((1, 1), np.int64)
    scan_channels(_currents(keys)[None], none, neurons, time_steps, counts, spikes)
    return np.ascontiguousarray(spikes.T)


def _open(keys: Ints, spikes: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Intervals that hold an edge whose place is not known yet."""
    different: npt.NDArray[np.bool_] = (spikes[1:] != spikes[:-1]).any(axis=1)
    return different & (np.diff(keys) > 1)


def _inner(keys: Ints, spikes: npt.NDArray[np.uint8]) -> tuple[Ints, npt.NDArray[np.uint8]]:
    """Sort by current, and drop what lies inside a run of equal trains."""
    order = np.argsort(keys)
    keys, spikes = keys[order], spikes[order]
    same = (spikes[1:] == spikes[:-1]).all(axis=1)
    keep = np.ones(len(keys), np.bool_)
    keep[1:-1] = ~(same[:-1] & same[1:])
    return keys[keep], spikes[keep]


def _rises(
    spikes: npt.NDArray[np.uint8], time_steps: int
) -> tuple[npt.NDArray[np.uint16], ...] | None:
    """See ``TrainTable.rises``; None if a count ever falls from one train to the next."""
    rises = []
    total = np.zeros(len(spikes), np.int64)
    for step in range(time_steps):
        total += spikes[:, step >> 3] >> (step & 7) & 1
        steps_up = np.diff(total)
        if (steps_up < 0).any():
            return None
        rises.append(np.repeat(np.arange(1, len(spikes)), steps_up).astype(np.uint16))
    return tuple(rises)
