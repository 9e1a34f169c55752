"""Tests of neurons that came to prefer another class: a statement about its answers to test images."""

from __future__ import annotations

import numpy as np
import xarray as xr

from spikeatlas.snn.selectivity import greater, q_values
from spikeatlas.snn.selectivity.contrast import Sample
from spikeatlas.tasks.analysis.onset import NEVER, onset_row
from spikeatlas.tasks.analysis.thresholds import Thresholds

UNKNOWN = -1


def concept_change(moments: xr.Dataset, is_selective: xr.DataArray, bars: Thresholds) -> xr.Dataset:
    """Test every neuron of a layer for a switch of its preferred class between two epochs.

    ``moments``: ``class_moments`` of E epochs; ``is_selective`` (epoch, neuron). The two epochs are the
    first trained one at which the neuron is, and stays, selective, and the last one at which it is. On one
    half of the images class a, preferred at the first, and b, preferred at the second, are chosen; on the
    other half two one-sided tests ask whether a drives the neuron more than b at the first epoch, and b more
    than a at the second. A switch needs both, so p is the greater one (intersection-union test, Berger
    1982); both ways round, min(1, 2 min). Each is Welch's t: the difference over its bootstrap standard
    error over images, which for means has a closed form (Efron & Tibshirani 1993, section 5.3).

    A neuron with several equal peaks does not pass: the same images are shown at both epochs, and its
    difference would have to be negative and positive at once. Nor does a change of gain, or of the readout.

    Returns (neuron,): ``switch_p``, NaN where there are no such two epochs; ``switch_q``, corrected within
    the layer; ``switched``; ``switch_from`` and ``switch_to``, the classes preferred over all images, -1 where
    not tested; ``switch_epoch``, from which on the new class leads the old one, NaN without a switch;
    ``switch_effect``, the smaller of the two differences, each over its sum, -1 to 1.
    """
    start, end = _ends(is_selective)
    tested = (start != NEVER) & (end > start)
    p = np.where(tested, _switch_p(moments, start, end), np.nan)
    q = q_values(p)
    before, after = _preferred(moments, start, end)
    switched = (q <= bars.rate) & (before != after)
    variables = {
        "switch_p": p,
        "switch_q": q,
        "switched": switched.astype(np.uint8),
        "switch_from": np.where(tested, before, UNKNOWN).astype(np.int16),
        "switch_to": np.where(tested, after, UNKNOWN).astype(np.int16),
        "switch_epoch": np.where(
            switched, _switch_epoch(moments, start, end, before, after), np.nan
        ),
        "switch_effect": np.where(tested, _effect(moments, start, end, before, after), np.nan),
        "switch_start": np.where(tested, moments.epoch.values[start], np.nan),
        "switch_end": np.where(tested, moments.epoch.values[end], np.nan),
    }
    return xr.Dataset(
        {name: ("neuron", values) for name, values in variables.items()},
        coords={"neuron": moments.neuron},
    )


def _ends(is_selective: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
    """Rows (neuron,) of the first trained epoch from which on, and of the last at which, a neuron is selective."""
    trained = np.flatnonzero(is_selective.epoch.values > 0)
    if not trained.size:
        nowhere = np.full(is_selective.sizes["neuron"], NEVER)
        return nowhere, nowhere
    values = is_selective.transpose("epoch", "neuron").values
    first = onset_row(is_selective.isel(epoch=trained)).values
    start = np.where(first == NEVER, NEVER, trained[first])
    end = np.where(values.any(axis=0), len(values) - 1 - values[::-1].argmax(axis=0), NEVER)
    return start, end


def _at(values: xr.DataArray, rows: np.ndarray) -> np.ndarray:
    """Return (half, neuron, category), each neuron's at its own row of epochs."""
    array = values.transpose("neuron", "epoch", "half", "category").values
    return np.asarray(array[np.arange(len(rows)), rows].transpose(1, 0, 2))


def _switch_p(moments: xr.Dataset, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    means = [_at(moments["mean"], rows) for rows in (start, end)]
    variances = [_at(moments["variance"], rows) for rows in (start, end)]
    count = moments["count"].values
    ways = []
    for half, other in ((0, 1), (1, 0)):
        a, b = (_best(mean[half]) for mean in means)
        (start_a, start_b), (end_a, end_b) = [
            [_group(mean[other], variance[other], count[other], c) for c in (a, b)]
            for mean, variance in zip(means, variances, strict=True)
        ]
        both = np.maximum(greater(start_a, start_b), greater(end_b, end_a))
        ways.append(np.where(a == b, 1.0, both))
    combined: np.ndarray = np.minimum(1, 2 * np.minimum(*ways))
    return combined


def _group(
    mean: np.ndarray, variance: np.ndarray, count: np.ndarray, classes: np.ndarray
) -> Sample:
    rows = np.arange(len(classes))
    return Sample(count[classes], mean[rows, classes], variance[rows, classes])


def _best(mean: np.ndarray) -> np.ndarray:
    """Class (neuron,) with the highest mean (neuron, class), the first among equals."""
    return np.asarray(np.where(np.isnan(mean), -np.inf, mean).argmax(axis=1))


def _whole(moments: xr.Dataset) -> xr.DataArray:
    """Means (epoch, neuron, category) over all images; NaN for a class without any."""
    count = moments["count"]
    total = (moments["mean"].fillna(0) * count).sum("half")
    images = count.sum("half")
    return total / images.where(images > 0)


def _preferred(moments: xr.Dataset, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, ...]:
    mean = _whole(moments).transpose("neuron", "epoch", "category").values
    neurons = np.arange(len(mean))
    return tuple(_best(mean[neurons, rows]) for rows in (start, end))


def _lead(moments: xr.Dataset, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """(epoch, neuron): how much more the new class drives the neuron than the old one, over their sum."""
    mean = _whole(moments).transpose("epoch", "neuron", "category").values
    neurons = np.arange(mean.shape[1])
    old, new = mean[:, neurons, before], mean[:, neurons, after]
    lead = np.zeros_like(old)
    np.divide(new - old, new + old, out=lead, where=new + old > 0)
    return lead


def _switch_epoch(
    moments: xr.Dataset, start: np.ndarray, end: np.ndarray, before: np.ndarray, after: np.ndarray
) -> np.ndarray:
    """The first epoch after ``start`` from which on, up to ``end``, the new class leads."""
    leads = _lead(moments, before, after) > 0
    rows = np.arange(len(leads))[:, None]
    behind = ~leads & (rows <= end)
    last_behind = np.where(behind.any(axis=0), len(leads) - 1 - behind[::-1].argmax(axis=0), start)
    return np.asarray(moments.epoch.values[np.minimum(last_behind + 1, len(leads) - 1)])


def _effect(
    moments: xr.Dataset, start: np.ndarray, end: np.ndarray, before: np.ndarray, after: np.ndarray
) -> np.ndarray:
    lead = _lead(moments, before, after)
    neurons = np.arange(lead.shape[1])
    return np.asarray(np.minimum(-lead[start, neurons], lead[end, neurons]))
