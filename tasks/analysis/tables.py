"""Results of the analysis as tables: the claims, and the controls that they stand beside."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from rich.table import Table

from spikeatlas.tasks.analysis import relation, stimuli
from spikeatlas.tasks.analysis.claim import Claim
from spikeatlas.tasks.analysis.course import Course
from spikeatlas.tasks.analysis.drift import DriftKind, drift
from spikeatlas.tasks.analysis.importance import importance
from spikeatlas.tasks.analysis.intervals import Estimate, over_seeds
from spikeatlas.tasks.analysis.onset import selective
from spikeatlas.tasks.analysis.thresholds import thresholds
from spikeatlas.tasks.atlas import Tree, layer_rows, settled

KINDS: tuple[DriftKind, ...] = ("image", "latent", "response", "class")


def claim_table(claims: Sequence[Claim]) -> Table:
    """Answers with effect and interval."""
    table = _table("The paper's claims", "claim | answer | effect | 95 % interval | networks")
    for claim in claims:
        bounds = f"{_number(claim.low)} to {_number(claim.high)}"
        table.add_row(
            claim.statement, claim.answer, _number(claim.effect), bounds, str(claim.seeds)
        )
    return table


def reasons(claims: Sequence[Claim]) -> list[str]:
    """List what each answer rests on, a line a reason."""
    return [f"{claim.name}: {reason}" for claim in claims for reason in claim.reasons]


def census(courses: Sequence[Course]) -> Table:
    """Neurons by epoch and layer: how many say enough, and how many of these are selective; controls beside."""
    bars = thresholds()
    table = _table(
        "Selectivity for test images",
        "network | epoch | accuracy | layer | neurons | silent | saturated | responsive | "
        "selective | highly | median index | labels shuffled",
    )
    for course in courses:
        name = f"{course.name} (shuffled labels)" if course.control else course.name
        for row, epoch in enumerate(course.epochs):
            for layer, neurons in course.layers.items():
                now = neurons.isel(epoch=row)
                counts = [now[kind] for kind in ("silent", "saturated", "responsive")]
                counts += [
                    selective(now.csi, now.q, bar, bars.rate)
                    for bar in (bars.selective_csi, bars.highly_selective_csi)
                ]
                table.add_row(
                    name,
                    f"{epoch:g}",
                    f"{float(course.accuracy[row]):.3f}",
                    layer,
                    str(now.sizes["neuron"]),
                    *map(_count, counts),
                    _median(now.csi),
                    _median(now.csi_null),
                )
    return table


def changes(courses: Sequence[Course]) -> Table:
    """Onset and concept change of each network and layer."""
    bars = thresholds()
    table = _table(
        "Over training",
        "network | layer | selective from epoch (median) | highly selective: at epoch 0 | "
        "later | tested for a switch | switched | median lead | of these with MEIs | "
        "MEIs support it",
    )
    for course in courses:
        for layer, neurons in course.layers.items():
            switched = neurons.isel(neuron=np.flatnonzero(neurons.switched.values == 1))
            highly = neurons.highly_selective_onset
            table.add_row(
                course.name,
                layer,
                _median(neurons.onset_epoch),
                str(int((highly == 0).sum())),
                str(int((highly > 0).sum())),
                str(int(neurons.switch_p.notnull().sum())),
                str(switched.sizes["neuron"]),
                _median(switched.switch_effect),
                str(int(switched.mei_support_p.notnull().sum())),
                str(int((switched.mei_support_p <= bars.rate).sum())),
            )
    return table


def false_calls(course: Course) -> Table:
    """Compare MEIs of one epoch and of two, naively and by the test."""
    bars = thresholds()
    table = _table("Class read in cold MEIs", "layer | compared | called different | of | share")
    for layer, neurons in course.layers.items():
        strata = stimuli.strata_of(neurons.csi, neurons.response)
        rows = stimuli.rich_rows(neurons.read)
        calls = [
            ("tested, repeats of one epoch", stimuli.false_calls(neurons.read, strata, bars.rate))
        ]
        calls += [
            (
                f"two repeats at epoch {course.epochs[row]:g}, naively",
                stimuli.naive_changes(neurons.read, row, row),
            )
            for row in rows
        ]
        if len(rows) > 1:
            between = f"epochs {course.epochs[rows[0]]:g} and {course.epochs[rows[-1]]:g}, naively"
            calls.append((between, stimuli.naive_changes(neurons.read, rows[0], rows[-1])))
        for text, (hits, total) in calls:
            table.add_row(
                layer, text, str(hits), str(total), _number(hits / total if total else np.nan)
            )
    return table


def accuracy_relation(courses: Sequence[Course]) -> Table:
    """Spearman's correlation over epochs of accuracy with selectivity, by layer: the unit is a network."""
    bars = thresholds()
    table = _table(
        "Selectivity and accuracy",
        "layer | accuracy with | mean over networks | 95 % interval | networks | "
        "increments of the first: r | circular shifts p",
    )
    for layer in courses[0].layers:
        for text in ("selective neurons", "median index"):
            series = [_selectivity(course.layers[layer], text) for course in courses]
            accuracy = [course.accuracy.values.astype(np.float64) for course in courses]
            r = np.array([relation.levels(a, s) for a, s in zip(accuracy, series, strict=True)])
            estimate = over_seeds(r, bars.level)
            rises = relation.increments(accuracy[0], series[0])
            table.add_row(
                layer,
                text,
                *_bounds(estimate),
                str(int((~np.isnan(r)).sum())),
                _number(rises.correlation),
                _number(rises.p),
            )
    return table


def _selectivity(layer: xr.Dataset, text: str) -> np.ndarray:
    bars = thresholds()
    if text == "selective neurons":
        counts: np.ndarray = (
            selective(layer.csi, layer.q, bars.selective_csi, bars.rate).sum("neuron").values
        )
        return counts.astype(np.float64)
    medians: np.ndarray = np.array(
        [_middle(row) for row in layer.csi.transpose("epoch", "neuron").values]
    )
    return medians


def importances(course: Course) -> Table:
    """The loss of a neuron, and its selectivity and switch."""
    table = _table(
        "Importance by ablation",
        "epoch | layer | median rise of the loss (nat) | correlation with the index | "
        "95 % interval | a switched one costs more than another | p",
    )
    for row, epoch in enumerate(course.epochs):
        for layer, neurons in course.layers.items():
            now = neurons.isel(epoch=row)
            if bool(now.loss_increase.notnull().any()):
                result = importance(now.loss_increase, now.csi, neurons.switched)
                table.add_row(
                    f"{epoch:g}",
                    layer,
                    f"{result.median:.4f}",
                    *_bounds(result.selectivity),
                    _number(result.switched),
                    _number(result.switched_p),
                )
    return table


def drifts(tree: Tree, course: Course) -> Table:
    """Tabulate how far MEIs move from epoch to epoch, beside how far repeats of one epoch lie apart.

    A neuron has moved beyond repeats if it did so on average further than any two of the epoch's lie apart, which
    is asked where there are five or more.
    """
    table = _table(
        "Drift of cold MEIs (medians over neurons)",
        "layer | in | epoch | from the epoch before | between repeats of it | "
        "neurons beyond all repeats",
    )
    rows = np.flatnonzero(np.isin(tree.progress.epoch.values, course.epochs))
    for layer in course.layers:
        group = tree.layer(layer, "layers", "image", "latent").isel(epoch=rows)
        group["mei_reference_class"] = _reference_class(tree, layer, rows, group)
        repeats = settled(group.status).any(("neuron", "search")).sum("repeat").values
        for kind in KINDS:
            distances = drift(group, kind)
            for row in range(1, len(course.epochs)):
                now = distances.isel(epoch=row)
                beyond = _beyond(now) if repeats[row] >= stimuli.RICH else np.nan
                epoch = f"{course.epochs[row]:g}"
                table.add_row(
                    layer, kind, epoch, _median(now.drift), _median(now.same), _number(beyond)
                )
    return table


def _table(title: str, headings: str) -> Table:
    """Return an empty table; ``headings`` are parted by bars."""
    return Table(*headings.split(" | "), title=title)


def _beyond(now: xr.Dataset) -> float:
    valid = (now.drift.notnull() & now.same_high.notnull()).values
    moved = (now.drift > now.same_high).values
    return float(moved[valid].mean()) if valid.any() else np.nan


def _reference_class(tree: Tree, layer: str, rows: np.ndarray, group: xr.Dataset) -> xr.DataArray:
    classes: xr.DataArray = layer_rows(tree["meis"], layer).isel(epoch=rows).mei_reference_class
    return classes.drop_vars(("layer", "neuron_index")).assign_coords(neuron=group.neuron)


def _median(values: xr.DataArray) -> str:
    return _number(_middle(values.values))


def _middle(values: np.ndarray) -> float:
    valid = values[~np.isnan(values)]
    return float(np.median(valid)) if valid.size else np.nan


def _bounds(estimate: Estimate) -> tuple[str, str]:
    return _number(estimate.effect), f"{_number(estimate.low)} to {_number(estimate.high)}"


def _count(values: xr.DataArray) -> str:
    return str(int(values.sum())) if bool(values.notnull().any()) else "-"


def _number(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.2f}"
