"""A test bed: neurons whose selectivity is planted, and how often the analysis finds what was planted.

``python -m spikeatlas.tasks.analysis.planted`` prints the rates. Responses are spike counts of a model neuron to the same
images at every epoch: each image drives a neuron more or less, the same way at every epoch, and spikes come by
chance on top; class means wander a little from epoch to epoch, as between repeats of a training.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from spikeatlas.snn import selectivity
from spikeatlas.tasks.analysis.course import over_training
from spikeatlas.tasks.analysis.intervals import Estimate, share
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


def plant(each: int, csi: float, rng: np.random.Generator) -> Planted:
    """``each`` neurons of every kind, whose preferred class has a selectivity index of ``csi``."""
    kind = np.repeat(KINDS, each)
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
        "epoch": list(EPOCHS), "neuron": np.arange(count), "label": ("image", labels),
        "first": ("image", selectivity.halves(labels).astype(np.uint8)),
    }  # fmt: skip
    return Planted(
        xr.DataArray((responses / STEPS).astype(np.float32), coords, ("epoch", "image", "neuron")),
        _read(weights, rng), kind, row, before, after,
    )  # fmt: skip


def _weights(
    kind: NDArray[np.str_], row: NDArray[np.int64], before: NDArray[np.int64],
    after: NDArray[np.int64], rng: np.random.Generator,
) -> NDArray[np.float64]:  # fmt: skip
    """(epoch, neuron, class): 1 for what a neuron prefers, 0 for the rest."""
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
    """(epoch, neuron)."""
    course = np.linspace(0, 1, len(EPOCHS))[:, None]
    ends = np.where(rng.random(len(kind)) < 0.5, np.log(3), -np.log(3))
    return np.where(kind == "gain", np.exp(ends * (course - 0.5)), 1.0)


def _read(weights: NDArray[np.float64], rng: np.random.Generator) -> xr.DataArray:
    """What a fixed classifier reads in cold MEIs: one of the peaks mostly, any class at times, or nothing."""
    chances = 0.8 * weights / np.maximum(weights.sum(axis=2, keepdims=True), 1) + 0.02
    chances /= chances.sum(axis=2, keepdims=True)
    drawn = rng.random((*chances.shape[:2], 5, 1)) > chances.cumsum(axis=2)[:, :, None, :]
    classes = np.minimum(drawn.sum(axis=3), CLASSES - 1)
    classes[rng.random(classes.shape) < 0.1] = -1
    for row in set(range(len(EPOCHS))) - set(RICH):
        classes[row, :, 2:] = -1
    return xr.DataArray(classes, dims=("epoch", "neuron", "repeat"))


def analyse(planted: Planted) -> xr.Dataset:
    """The analysis of an atlas, on planted neurons: as ``course.over_training``."""
    labels, first = planted.responses.label.values, planted.responses["first"].values == 1
    measured = [_measure(now.values, labels, first) for now in planted.responses]
    csi, q = (np.stack(each) for each in zip(*measured, strict=True))
    course = xr.Dataset(
        {
            "csi": (("epoch", "neuron"), csi), "q": (("epoch", "neuron"), q), "read": planted.read,
            "response": planted.responses.max("image"),
        },
        coords={"epoch": planted.responses.epoch, "neuron": planted.responses.neuron},
    )  # fmt: skip
    return over_training(course, class_moments(planted.responses, CLASSES), thresholds())


def _measure(
    responses: NDArray[np.float32], labels: NDArray[np.int64], first: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    means = selectivity.half_means(responses, labels, first, CLASSES)
    index, _ = selectivity.class_selectivity_index(means, selectivity.active_images(responses))
    p = selectivity.selectivity_test(responses, labels, first, CLASSES)
    return index, selectivity.q_values(p)


@dataclass
class Score:
    """Counts over several layers of planted neurons: (found, of how many) by what is asked."""

    counts: dict[str, list[int]] = field(default_factory=dict)

    def add(self, name: str, hits: NDArray[np.bool_]) -> None:
        """Count hits among trials."""
        found = self.counts.setdefault(name, [0, 0])
        found[0] += int(hits.sum())
        found[1] += len(hits)

    def interval(self, name: str) -> Estimate:
        """The share with its exact 95 % interval."""
        return share(*self.counts[name])


def score(planted: Planted, found: xr.Dataset, total: Score) -> None:
    """Hold what was found against what was planted."""
    rows = {epoch: row for row, epoch in enumerate(EPOCHS)}
    kind, switched = planted.kind, found.switched.values == 1
    near = partial(_near, rows=rows)
    is_onset, is_switch = kind == "onset", kind == "switch"
    total.add("onset within one epoch", near(found.onset_epoch.values, planted.row)[is_onset])
    total.add("switch found", switched[is_switch])
    right = (
        (found.switch_from.values == planted.before)
        & (found.switch_to.values == planted.after)
        & near(found.switch_epoch.values, planted.row)
    )
    total.add("of these with its classes, within one epoch", right[is_switch & switched])
    for name in NEGATIVES:
        total.add(f"false switch: {name}", switched[kind == name])
    total.add("false switch: onset", switched[is_onset])
    total.add("false among all switches called", ~is_switch[switched])
    supported = found.mei_support_p.values <= thresholds().rate
    total.add("switch called, MEIs support it", supported[is_switch & switched])
    total.add(
        "MEI change without any (stable, peaks, gain, readout)",
        supported[np.isin(kind, NEGATIVES[:4])],
    )


def _near(
    epochs: NDArray[np.float64], row: NDArray[np.int64], rows: Mapping[float, int]
) -> NDArray[np.bool_]:
    found = np.array([rows.get(epoch, -9) for epoch in epochs])
    return np.abs(found - row) <= 1


def rates(each: int, seeds: Iterable[int], csi: float) -> Score:
    """Plant, analyse and score one layer for each seed."""
    total = Score()
    for seed in seeds:
        planted = plant(each, csi, np.random.default_rng(seed))
        score(planted, analyse(planted), total)
    return total


def main() -> None:
    """Print the rates at one effect, and sensitivity against effect."""
    console = Console(width=130)
    table = Table(
        "200 neurons of each kind, 20 seeds, index 0.5", "found", "of", "share", "95 % interval"
    )
    total = rates(200, range(20), 0.5)
    for name, (hits, trials) in total.counts.items():
        found = total.interval(name)
        table.add_row(
            name,
            f"{hits}",
            f"{trials}",
            f"{found.effect:.4f}",
            f"{found.low:.4f} to {found.high:.4f}",
        )
    console.print(table)
    curve = Table(
        "index of the preferred class",
        "onset within one epoch",
        "switch found",
        "false among switches",
    )
    for csi in (0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7):
        at = rates(200, range(3), csi)
        names = ("onset within one epoch", "switch found", "false among all switches called")
        curve.add_row(f"{csi:g}", *(f"{at.interval(name).effect:.3f}" for name in names))
    console.print(curve)


if __name__ == "__main__":
    main()
