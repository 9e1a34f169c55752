"""One row of the benchmark's table: a target judged neuron by neuron, then summed up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.tasks.benchmark.scoring.statistics import (
    Floats,
    Statistic,
    compare,
    interval,
    mean,
    networks_won,
)


@dataclass(frozen=True)
class TargetRow:
    """One target and the value that was measured."""

    target: str
    goal: str
    value: float
    met: bool | None
    """None: reported, not judged, or not measured."""
    low: float = np.nan
    high: float = np.nan
    layers: dict[str, float] = field(default_factory=dict)
    """The value on each layer's neurons alone."""
    losing: tuple[str, ...] = ()
    """Neurons that fall short."""
    note: str = ""


@dataclass(frozen=True)
class TargetCase:
    """A row that is judged neuron by neuron, then summed up."""

    target: str
    goal: str
    values: Floats
    statistic: Statistic
    good: Callable[[float], bool] | None
    losing: NDArray[np.bool_]
    note: str = ""


def summed(scored: xr.Dataset, case: TargetCase) -> TargetRow:
    """Return a case's row: its statistic over all neurons that were measured, with its interval, and by layer."""
    measured = ~np.isnan(case.values)
    values = case.values[measured]
    if not len(values):
        return TargetRow(case.target, case.goal, np.nan, None, note="not measured")
    value = case.statistic(values)
    low, high = interval(values, scored.cluster.values[measured], case.statistic)
    layer = scored.layer.values
    layers = {
        str(name): case.statistic(case.values[measured & (layer == name)])
        for name in dict.fromkeys(layer[measured].tolist())
    }
    losing = tuple(_unit(scored, unit) for unit in np.flatnonzero(case.losing & measured))
    met = case.good(value) if case.good else None
    return TargetRow(case.target, case.goal, value, met, low, high, layers, losing, case.note)


def _unit(scored: xr.Dataset, unit: Any) -> str:
    at = scored.isel(unit=int(unit))
    return f"seed {at.training_seed.item()} {at.layer.item()}/{at.neuron.item()}"


def as_numbers(truth: NDArray[np.bool_], values: Floats) -> Floats:
    """Return 1 and 0; NaN where the values compared are not known."""
    return np.where(np.isnan(values), np.nan, truth.astype(np.float64))


def finite(values: Floats) -> Floats:
    """Return the values that are numbers."""
    return values[np.isfinite(values)]


def defined(values: Floats) -> Floats:
    """Return the values that are not NaN."""
    return values[~np.isnan(values)]


def percent(values: Floats) -> str:
    """Return the mean of 1 and 0, in per cent."""
    return f"{100 * mean(defined(values)):.0f} %"


def comparison_note(scored: xr.Dataset, response: Floats, other: Floats) -> str:
    """Return wins, ties and losses of pairs along ``unit``, and the networks on which there are more wins than losses."""
    comparison = compare(response, other)
    won, total = networks_won(response, other, scored.training_seed.values)
    return (
        f"{comparison.wins} wins, {comparison.ties} ties, {comparison.losses} losses; more wins on "
        f"{won} of {total} networks"
    )


def mode_of(subject: str, share: bool) -> str:
    """Return how a row names a method with one way of sharing."""
    return f"{subject}, {'sharing' if share else 'alone'}"
