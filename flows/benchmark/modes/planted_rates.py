"""The rates at which the analysis finds what was planted in made-up neurons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from rich.table import Table

from spikeatlas.flows.benchmark.planted import EPOCHS, NEGATIVES, Planted, analyse, plant
from spikeatlas.tasks.analysis.intervals import Estimate, share
from spikeatlas.tasks.analysis.thresholds import thresholds
from spikeatlas.tasks.inspect.text import as_text

COPIES = 200
"""Neurons of each kind in a layer."""

EFFECTS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7)
"""Selectivity indices of the preferred class at which sensitivity is told."""

EFFECT_COLUMNS = {
    "onset within one epoch": "onset within one epoch",
    "switch found": "switch found",
    "false among switches": "false among all switches called",
}
"""Columns of the table of sensitivity, and the questions that they answer."""


def score_planted() -> Iterator[str]:
    """Yield the rates at one effect, then sensitivity against effect, as tables."""
    yield as_text(rate_table(rates(COPIES, range(20), 0.5)))
    yield as_text(effect_table({csi: rates(COPIES, range(3), csi) for csi in EFFECTS}))


def rate_table(total: Score) -> Table:
    """Return a row for each question: hits, trials and their share."""
    title = f"{COPIES} neurons of each kind, 20 seeds, index 0.5"
    table = Table(title, "found", "of", "share", "95 % interval")
    for name, (hits, trials) in total.counts.items():
        rate = total.interval(name)
        interval = f"{rate.low:.4f} to {rate.high:.4f}"
        table.add_row(name, f"{hits}", f"{trials}", f"{rate.effect:.4f}", interval)
    return table


def effect_table(scores: Mapping[float, Score]) -> Table:
    """Return a row for each selectivity index: the shares found, and of false ones."""
    table = Table("index of the preferred class", *EFFECT_COLUMNS)
    for csi, total in scores.items():
        shares = (total.interval(name).effect for name in EFFECT_COLUMNS.values())
        table.add_row(f"{csi:g}", *(f"{value:.3f}" for value in shares))
    return table


@dataclass
class Score:
    """Counts over several layers of planted neurons: [hits, trials] by the question asked."""

    counts: dict[str, list[int]] = field(default_factory=dict)

    def add(self, name: str, hits: NDArray[np.bool_]) -> None:
        """Count hits among trials."""
        count = self.counts.setdefault(name, [0, 0])
        count[0] += int(hits.sum())
        count[1] += len(hits)

    def interval(self, name: str) -> Estimate:
        """Return the share with its exact 95 % interval."""
        return share(*self.counts[name])


def score(planted: Planted, analysis: xr.Dataset, total: Score) -> None:
    """Hold the result of the analysis against what was planted."""
    rows = {epoch: row for row, epoch in enumerate(EPOCHS)}
    kind, switched = planted.kind, analysis.switched.values == 1
    near = partial(_near, rows=rows)
    is_onset, is_switch = kind == "onset", kind == "switch"
    total.add("onset within one epoch", near(analysis.onset_epoch.values, planted.row)[is_onset])
    total.add("switch found", switched[is_switch])
    right = (
        (analysis.switch_from.values == planted.before)
        & (analysis.switch_to.values == planted.after)
        & near(analysis.switch_epoch.values, planted.row)
    )
    total.add("of these with its classes, within one epoch", right[is_switch & switched])
    for name in NEGATIVES:
        total.add(f"false switch: {name}", switched[kind == name])
    total.add("false switch: onset", switched[is_onset])
    total.add("false among all switches called", ~is_switch[switched])
    supported = analysis.mei_support_p.values <= thresholds().rate
    total.add("switch called, MEIs support it", supported[is_switch & switched])
    total.add(
        "MEI change without any (stable, peaks, gain, readout)",
        supported[np.isin(kind, NEGATIVES[:4])],
    )


def _near(
    epochs: NDArray[np.float64], row: NDArray[np.int64], rows: Mapping[float, int]
) -> NDArray[np.bool_]:
    nearest = np.array([rows.get(epoch, -9) for epoch in epochs])
    return np.abs(nearest - row) <= 1


def rates(copies: int, seeds: Iterable[int], csi: float) -> Score:
    """Plant, analyse and score one layer for each seed."""
    total = Score()
    for seed in seeds:
        planted = plant(copies, csi, np.random.default_rng(seed))
        score(planted, analyse(planted), total)
    return total
