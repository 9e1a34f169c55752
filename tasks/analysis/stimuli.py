"""Tests whether the MEIs of two epochs show another class, beyond what searches of one epoch differ by anyway.

Only cold searches enter, and only the class that the study's classifier, the same at all epochs, reads in
their images: nothing changes here because a readout moved.
"""

from __future__ import annotations

from itertools import combinations, product
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

RICH = 5
"""Repeats of an epoch from which the null distribution can be made."""
RICH_EPOCHS = 3
"""Epochs with as many, below which there is none."""
GROUP = (2, 3)
"""Most repeats held against each other: what a rich epoch can be split into."""
SMALLEST_STRATUM = 100
"""Null values below which a stratum is given up for the whole layer."""

# distances are shares of few pairs: equal ones differ by rounding
_DIGITS = 9

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Classes = NDArray[np.integer]


class Splits(NamedTuple):
    """Distances between groups of repeats of one epoch, where nothing can have changed."""

    values: Floats
    """(k,)."""
    neuron: Rows
    """(k,) row of the neuron that each is of."""
    stratum: Rows
    """(k,)."""


class Null:
    """The distribution to hold a distance against: the splits of the other neurons of its stratum."""

    def __init__(self, splits: Splits, neurons: int) -> None:
        """Count how often each neuron, by stratum, shows each of the few distances that there are."""
        rounded = np.round(splits.values, _DIGITS)
        self._levels = np.unique(rounded)
        strata = int(splits.stratum.max(initial=0)) + 1
        counts = np.zeros((neurons, strata, len(self._levels) + 1), np.int64)
        place = np.searchsorted(self._levels, rounded)
        np.add.at(counts, (splits.neuron, splits.stratum, place), 1)
        # at least so far apart: sums from the end
        self._by_neuron = counts[..., ::-1].cumsum(axis=-1)[..., ::-1]
        self._all = self._by_neuron.sum(axis=0)

    def p(self, distance: Floats, neuron: Rows, stratum: Rows) -> Floats:
        """(1 + null values at least as great) / (1 + null values) of each (k,); NaN for none, or without a null."""
        in_stratum = np.minimum(stratum, len(self._all) - 1)
        place = np.searchsorted(self._levels, np.round(distance, _DIGITS))
        counts, whole = self._by_neuron[neuron], self._by_neuron.sum(axis=1)
        rows = np.arange(len(neuron))
        narrow = [self._all[in_stratum, at] - counts[rows, in_stratum, at] for at in (place, 0)]
        broad = [self._all.sum(axis=0)[at] - whole[neuron, at] for at in (place, 0)]
        greater, total = (
            np.where(narrow[1] >= SMALLEST_STRATUM, *pair)
            for pair in zip(narrow, broad, strict=True)
        )
        valid = ~np.isnan(distance) & (total > 0)
        return np.where(valid, (1 + greater) / (1 + total), np.nan)


def class_distance(one: Classes, other: Classes) -> Floats:
    """Return how differently two groups of repeats are read: (neurons,) in [-1, 1].

    ``one`` (neurons, r), ``other`` (neurons, s): classes, -1 unread. The share of pairs across the groups
    that differ, less the mean share of pairs within them (an energy distance, Szekely & Rizzo 2013, for
    the metric 'same or not'): 0 on average for repeats of one distribution, however many peaks it has. NaN
    where a group has less than two that are read.
    """
    across = _differing(one[:, :, None], other[:, None, :])
    within = [_differing(*_pairs(part)) for part in (one, other)]
    return across - (within[0] + within[1]) / 2


def _pairs(group: Classes) -> tuple[Classes, Classes]:
    first, second = (
        zip(*combinations(range(group.shape[1]), 2), strict=True)
        if group.shape[1] > 1
        else ((), ())
    )
    return group[:, list(first)], group[:, list(second)]


def _differing(one: Classes, other: Classes) -> Floats:
    """Share of pairs (neurons, ...) of which both are read that differ; NaN without any."""
    valid = (one >= 0) & (other >= 0)
    axes = tuple(range(1, valid.ndim))
    total = valid.sum(axis=axes)
    share = np.full(len(valid), np.nan)
    np.divide((valid & (one != other)).sum(axis=axes), total, out=share, where=total > 0)
    return share


def splits(read: xr.DataArray, strata: xr.DataArray, sizes: tuple[int, int]) -> Splits:
    """The distances of all splits of the repeats of rich epochs into groups of ``sizes``.

    ``read`` (epoch, neuron, repeat): classes, -1 unread or not searched; ``strata`` (epoch, neuron). Neurons
    of one layer and stratum are taken to be exchangeable.
    """
    values = read.transpose("epoch", "neuron", "repeat").values
    parts = [Splits(np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64))]
    for row in rich_rows(read):
        now = values[row][:, :RICH]
        for first in combinations(range(RICH), sizes[0]):
            second = [r for r in range(RICH) if r not in first][: sizes[1]]
            distance = class_distance(now[:, list(first)], now[:, second])
            valid = np.flatnonzero(~np.isnan(distance))
            parts.append(Splits(distance[valid], valid, strata.values[row][valid]))
    return Splits(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def rich_rows(read: xr.DataArray) -> list[int]:
    """Rows of the epochs with enough repeats, or none if these are too few."""
    searched = (read >= 0).any("neuron").transpose("epoch", "repeat").values
    rows = [row for row, repeats in enumerate(searched) if repeats[:RICH].sum() == RICH]
    return rows if len(rows) >= RICH_EPOCHS else []


def support_p(read: xr.DataArray, strata: xr.DataArray, start: Rows, end: Rows) -> Floats:
    """Probability p (neurons,) of so great a distance between the MEIs of two rows without a change.

    ``start``, ``end`` (neurons,) rows of ``read``; -1: not asked. Held against groups of as many repeats of one
    epoch, of the other neurons of the stratum that the neuron is in at its first row (``Null.p``). NaN where MEIs
    are unread, or without 5 cold repeats at 3 epochs.
    """
    values = read.transpose("epoch", "neuron", "repeat").values
    repeats = (values >= 0).any(axis=1).sum(axis=1)
    p = np.full(values.shape[1], np.nan)
    testable = (start >= 0) & (end > start)
    for sizes in product(range(2, GROUP[0] + 1), range(2, GROUP[1] + 1)):
        fits = (np.minimum(repeats[start], GROUP[0]) == sizes[0]) & (
            np.minimum(repeats[end], GROUP[1]) == sizes[1]
        )
        neurons = np.flatnonzero(testable & fits)
        if neurons.size:
            groups = (
                values[rows[neurons], neurons, :size]
                for rows, size in zip((start, end), sizes, strict=True)
            )
            null = Null(splits(read, strata, sizes), values.shape[1])
            p[neurons] = null.p(
                class_distance(*groups), neurons, strata.values[start[neurons], neurons]
            )
    return p


def false_calls(read: xr.DataArray, strata: xr.DataArray, rate: float) -> tuple[int, int]:
    """Count how often groups of repeats of one epoch are called different at ``rate``: (calls, comparisons).

    Each split is held against the other neurons' splits.
    """
    parts = splits(read, strata, GROUP)
    p = Null(parts, read.sizes["neuron"]).p(*parts)
    return int((p <= rate).sum()), len(p)


def naive_changes(read: xr.DataArray, one: int, other: int) -> tuple[int, int]:
    """Count how often the first MEI of row ``one`` and the second of row ``other`` are read as different classes.

    (differing, read). With one and the same row: what looks like a change though nothing can have changed.
    """
    values = read.transpose("epoch", "neuron", "repeat").values
    if values.shape[2] < 2:
        return 0, 0
    a, b = values[one, :, 0], values[other, :, 1]
    valid = (a >= 0) & (b >= 0)
    return int((valid & (a != b)).sum()), int(valid.sum())


def strata_of(csi: xr.DataArray, response: xr.DataArray) -> xr.DataArray:
    """Four strata (epoch, neuron) of a layer: less or more selective than its median, and less or more driven."""
    parts = [(part > part.median("neuron")).astype(np.int64) for part in (csi, response)]
    return 2 * parts[0] + parts[1]
