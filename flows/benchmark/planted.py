"""A test bed: neurons whose selectivity is planted, and the analysis of them.

Responses are spike counts of a model neuron to the same images at every epoch: each image drives a neuron more or
less, the same way at every epoch, and spikes come by chance on top; class means wander a little from epoch to epoch,
as between repeats of a training.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.snn import selectivity
from spikeatlas.tasks.analysis.course import over_training
from spikeatlas.tasks.analysis.thresholds import thresholds
from spikeatlas.tasks.analysis.tuning_change import class_moments

KINDS = ("onset", "switch", "stable", "peaks", "gain", "readout", "flat")
"""``onset``: flat until an epoch, then one class. ``switch``: one class, from some epoch on another. What has
neither: ``stable``, one class throughout; and the hard ones, ``peaks``: three classes alike; ``gain``: one class,
all rates falling to a third or rising threefold; ``readout``: as stable, while the network's output comes to read
its MEIs as another class; ``flat``."""
NEGATIVES = ("stable", "peaks", "gain", "readout", "flat")

EPOCHS = (0.0, 0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0)
RICH = (2, 4, 7)
"""Rows with five repeats; two elsewhere."""
CLASSES, IMAGES, STEPS = 10, 1000, 16
LOW = 0.12
"""Rate to other classes."""
IMAGE_SPREAD = 0.6
"""Standard deviation of the logarithm of how much an image drives a neuron."""
WANDER = 0.03
"""Relative standard deviation of a class mean from epoch to epoch."""


@dataclass(frozen=True)
class Planted:
    """A layer of planted neurons."""

    responses: xr.DataArray
    """(epoch, image, neuron)."""
    read: xr.DataArray
    """(epoch, neuron, repeat)."""
    kind: NDArray[np.str_]
    row: NDArray[np.int64]
    """Row of the planted onset or switch; -1 for others."""
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    """Classes preferred before and after ``row``."""


def plant(copies: int, csi: float, rng: np.random.Generator) -> Planted:
    """Plant ``copies`` neurons of every kind, whose preferred class has a selectivity index of ``csi``."""
    kind = np.repeat(KINDS, copies)
    count = len(kind)
    before = rng.integers(0, CLASSES, count)
    after = (before + rng.integers(1, CLASSES, count)) % CLASSES
    row = np.where(np.isin(kind, ("onset", "switch")), rng.integers(2, len(EPOCHS) - 1, count), -1)
    weights = _weights(kind, row, before, after, rng)
    labels = np.arange(IMAGES) % CLASSES
    high = LOW * (1 + csi) / (1 - csi)
    means = LOW + (high - LOW) * weights
    means = means * _gains(kind, rng)[:, :, None]
    means = means * rng.normal(1, WANDER, means.shape)
    drive = np.exp(rng.normal(-(IMAGE_SPREAD**2) / 2, IMAGE_SPREAD, (IMAGES, count)))
    responses = np.stack(
        [rng.binomial(STEPS, np.clip(mean[:, labels].T * drive, 0, 1)) for mean in means]
    )
    coords = {
        "epoch": list(EPOCHS),
        "neuron": np.arange(count),
        "label": ("image", labels),
        "first": ("image", selectivity.halves(labels).astype(np.uint8)),
    }
    return Planted(
        xr.DataArray((responses / STEPS).astype(np.float32), coords, ("epoch", "image", "neuron")),
        _read(weights, rng),
        kind,
        row,
        before,
        after,
    )


def _weights(
    kind: NDArray[np.str_],
    row: NDArray[np.int64],
    before: NDArray[np.int64],
    after: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Return weights (epoch, neuron, class): 1 for what a neuron prefers, 0 for the rest."""
    weights = np.zeros((len(EPOCHS), len(kind), CLASSES))
    for neuron, name in enumerate(kind):
        if name == "flat":
            continue
        start = row[neuron] if name == "onset" else 0
        weights[start:, neuron, before[neuron]] = 1
        if name == "switch":
            weights[row[neuron] :, neuron] = np.eye(CLASSES)[after[neuron]]
        if name == "peaks":
            weights[:, neuron, rng.permutation(CLASSES)[:2]] = 1
            weights[:, neuron, after[neuron]] = 1
    return weights


def _gains(kind: NDArray[np.str_], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a factor of all rates (epoch, neuron)."""
    course = np.linspace(0, 1, len(EPOCHS))[:, None]
    ends = np.where(rng.random(len(kind)) < 0.5, np.log(3), -np.log(3))
    return np.where(kind == "gain", np.exp(ends * (course - 0.5)), 1.0)


def _read(weights: NDArray[np.float64], rng: np.random.Generator) -> xr.DataArray:
    """Draw the classes read in cold MEIs by a fixed classifier: mostly one of the peaks, at times any class or none."""
    chances = 0.8 * weights / np.maximum(weights.sum(axis=2, keepdims=True), 1) + 0.02
    chances /= chances.sum(axis=2, keepdims=True)
    above = rng.random((*chances.shape[:2], 5, 1)) > chances.cumsum(axis=2)[:, :, None, :]
    classes = np.minimum(above.sum(axis=3), CLASSES - 1)
    classes[rng.random(classes.shape) < 0.1] = -1
    for row in set(range(len(EPOCHS))) - set(RICH):
        classes[row, :, 2:] = -1
    return xr.DataArray(classes, dims=("epoch", "neuron", "repeat"))


def analyse(planted: Planted) -> xr.Dataset:
    """Analyse planted neurons as those of an atlas; returns what ``course.over_training`` does."""
    labels, first = planted.responses.label.values, planted.responses["first"].values == 1
    measures = [_measure(epoch.values, labels, first) for epoch in planted.responses]
    csi, q = (np.stack(rows) for rows in zip(*measures, strict=True))
    course = xr.Dataset(
        {
            "csi": (("epoch", "neuron"), csi),
            "q": (("epoch", "neuron"), q),
            "read": planted.read,
            "response": planted.responses.max("image"),
        },
        coords={"epoch": planted.responses.epoch, "neuron": planted.responses.neuron},
    )
    return over_training(course, class_moments(planted.responses, CLASSES), thresholds())


def _measure(
    responses: NDArray[np.float32], labels: NDArray[np.int64], first: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    index, _ = selectivity.index_of_responses(responses, labels, first, CLASSES)
    p = selectivity.selectivity_test(responses, labels, first, CLASSES)
    return index, selectivity.q_values(p)
