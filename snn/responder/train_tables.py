"""The few spike trains of a neuron under constant current, and the currents that make them.

A larger current never makes the membrane smaller while two neurons share their history: rounding is
monotone, so are the neuron's operations. Hence trains are ordered by the current, in float32 too,
and each belongs to one interval of it. The intervals' edges are found by bisection on the bit
patterns of float32, so they are exact.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.responder.kernels import scan

Ints = npt.NDArray[np.int64]
# train numbers are uint16
MAX_TRAINS = 60_000
_SIGN = 0x8000_0000


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


@functools.lru_cache(maxsize=64)
def train_table(beta: float, threshold: float, time_steps: int, *, zero: bool) -> TrainTable | None:
    """Return the trains of a neuron with decay ``beta`` in [0, 1] and ``threshold`` > 0 (float32).

    ``zero``: reset to zero, not by subtraction. None where there are more than 60 000 trains, or
    where a larger current can make fewer spikes (no such neuron is known).
    """
    limit = np.finfo(np.float32).max
    keys = _keys(np.array([-limit, limit], np.float32))
    spikes = _run(keys, beta, threshold, time_steps, zero=zero)
    while (open_ := _open(keys, spikes)).any():
        middle = (keys[:-1][open_] + keys[1:][open_]) // 2
        inner = _run(middle, beta, threshold, time_steps, zero=zero)
        keys, spikes = _inner(np.concatenate([keys, middle]), np.concatenate([spikes, inner]))
        if len(keys) > 2 * MAX_TRAINS:
            return None
    first = np.concatenate([[True], (spikes[1:] != spikes[:-1]).any(axis=1)])
    rises = _rises(spikes[first], time_steps)
    if rises is None or first.sum() > MAX_TRAINS:
        return None
    return TrainTable(_currents(keys[first]), spikes[first], rises)


def _keys(currents: npt.NDArray[np.float32]) -> Ints:
    """Whole numbers in the order of the currents, neighbours for neighbouring floats."""
    bits = currents.view(np.uint32).astype(np.int64)
    return np.where(bits < _SIGN, bits, _SIGN - bits)


def _currents(keys: Ints) -> npt.NDArray[np.float32]:
    return np.where(keys < 0, _SIGN - keys, keys).astype(np.uint32).view(np.float32)


def _run(
    keys: Ints, beta: float, threshold: float, time_steps: int, *, zero: bool
) -> npt.NDArray[np.uint8]:
    spikes = np.zeros((len(keys), -(-time_steps // 8)), np.uint8)
    values = np.float32(beta), np.float32(threshold)
    scan.trains(_currents(keys), *values, zero, time_steps, spikes)
    return spikes


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
