"""The methods of the benchmark, one line each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from spikeatlas.tasks.benchmark.cells import MAIN, REFERENCE
from spikeatlas.tasks.benchmark.scoring import scores
from spikeatlas.tasks.benchmark.scoring.statistics import (
    Comparison,
    compare,
    interval,
    median,
    networks_won,
)
from spikeatlas.tasks.benchmark.scoring.target_row import defined


@dataclass(frozen=True)
class MethodLine:
    """One method with one way of sharing, on the main group."""

    label: str
    share: bool
    knowledge: str
    normalised: float
    """Median of response / best any method reached."""
    low: float
    high: float
    auc: float
    reached: float
    """Median images a neuron to the reference's final level."""
    failures: int
    seconds: float
    """Wall time an image."""
    own_seconds: float
    """Of it inside the method."""
    comparison: Comparison | None
    """The subject against it, at equal sharing (the reference and the guide: without)."""
    networks: tuple[int, int]
    """Networks on which the subject wins more often than it loses, and all."""


def method_lines(results: xr.Dataset, subject: str) -> list[MethodLine]:
    """Return one line for each method and way of sharing, on the main group; ``subject``: the method they are held against."""
    main = scores.per_neuron(results, MAIN)
    lines = []
    for label, share, knowledge in zip(
        main.label.values.tolist(),
        main.share.values.tolist(),
        main.knowledge.values.tolist(),
        strict=True,
    ):
        response = scores.of(main, "response", label, share=share)
        measured = ~np.isnan(response)
        normalised = scores.ratio(response, main.best.values)
        seconds, inside = seconds_of(results, label, share)
        subject_response = scores.of(main, "response", subject, share=share)
        low, high = interval(normalised[measured], main.cluster.values[measured], median)
        lines.append(
            MethodLine(
                label,
                share,
                knowledge,
                median(normalised[measured]),
                low,
                high,
                median(scores.of(main, "auc", label, share=share)[measured]),
                median(defined(scores.of(main, "reached", label, share=share)[measured]))
                if label != REFERENCE
                else np.nan,
                int(scores.failures(response, main.best.values).sum()),
                seconds,
                inside,
                None if label == subject else compare(subject_response, response),
                networks_won(subject_response, response, main.training_seed.values),
            )
        )
    return lines


def seconds_of(results: xr.Dataset, label: str, share: bool) -> tuple[float, float]:
    """Return the wall seconds an image of one contender on the main group: in all, and inside the method."""
    rows = (results.group == MAIN) & (results.label == label) & (results.share == share)
    cells = results.isel(cell_index=np.unique(results.cell.values[rows.values]))
    images = float(cells.images.sum())
    inside = float(cells.optimizer_seconds.sum())
    return (
        inside + float((cells.decode_seconds + cells.respond_seconds).sum())
    ) / images, inside / images
