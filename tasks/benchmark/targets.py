"""The targets of the benchmark: what the search must reach, one row each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.tasks.benchmark import scores
from spikeatlas.tasks.benchmark.cells import GRADIENT, MAIN, NATURAL, REFERENCE, SHARING
from spikeatlas.tasks.benchmark.statistics import (
    Comparison,
    Floats,
    Statistic,
    compare,
    interval,
    mean,
    median,
)

SUBJECT, RIVAL, POOL = "screened", "random", "pool"
LOW = 0.33
"""Reference responses below this leave room for the ratio of the first row."""
GUIDE_VALID = 0.95
"""Share of neurons on which the guide must beat random search before its row counts."""


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
class _Case:
    """A row that is judged neuron by neuron, then summed up."""

    target: str
    goal: str
    values: Floats
    statistic: Statistic
    good: Callable[[float], bool] | None
    losing: NDArray[np.bool_]
    note: str = ""


def target_rows(results: xr.Dataset) -> list[TargetRow]:
    """Return all rows of the table, each for sharing on and off where the benchmark has both."""
    main = scores.per_neuron(results, MAIN)
    rows = []
    for share in (True, False):
        rows += [_summed(main, case) for case in _main_cases(main, share)]
    if (results.group.values == SHARING).any():
        large = scores.per_neuron(results, SHARING)
        rows += [_summed(large, _reached(large, share)) for share in (True, False)]
        rows += [own_time(results, share) for share in (True, False)]
    return rows


def _main_cases(main: xr.Dataset, share: bool) -> Iterator[_Case]:
    mode = _mode(share)
    response = scores.of(main, "response", SUBJECT, share=share)
    reference, best = main.reference.values, main.best.values
    times = np.where(reference < LOW, scores.ratio(response, reference), np.nan)
    yield _Case(
        f"response / reference's where that is below {LOW}{mode}",
        ">= 3.0",
        times,
        median,
        lambda value: value >= 3,
        times < 1,
        f"{np.sum(reference < LOW)} of {len(reference)} neurons",
    )
    won = scores.headroom(response, reference)
    yield _Case(f"share of the headroom won{mode}", "reported", won, median, None, won < 0)
    yield _rivals(main, response, share)
    failed = scores.failures(response, best)
    yield _Case(
        f"failures{mode}",
        "none",
        _as_numbers(failed, response),
        _count,
        lambda value: value == 0,
        failed,
    )
    encoded = scores.ratio(response, main.encoded.values)
    raw = scores.ratio(response, main.natural.values)
    yield _Case(
        f"response above the best encoded natural image{mode}",
        ">= 90 % of neurons",
        _as_numbers(encoded > 1, encoded),
        mean,
        lambda value: value >= 0.9,
        encoded <= 1,
        f"median ratio {median(_finite(encoded)):.2f}, to raw images {median(_finite(raw)):.2f}, "
        f"above raw on {_percent(_as_numbers(raw > 1, raw))}",
    )
    yield _guide(main, response, share)
    yield _pool(main, response, share)


def _rivals(main: xr.Dataset, response: Floats, share: bool) -> _Case:
    """Compare the subject with the best of every method that knows no more than it."""
    excluded = (main.knowledge == NATURAL) | (main.knowledge == GRADIENT)
    excluded = excluded | (main.label == REFERENCE) | (main.label == SUBJECT)
    others = scores.highest(main, ~excluded & (main.share == share))
    return _beats(f"beats every other method of its class{_mode(share)}", response, others)


def _pool(main: xr.Dataset, response: Floats, share: bool) -> _Case:
    pool = scores.of(main, "response", POOL, share=share)
    return _beats(f"beats {POOL} at equal images{_mode(share)}", response, pool)


def _beats(target: str, response: Floats, other: Floats) -> _Case:
    """Compare the subject's responses with another's; a tie is no win."""
    return _Case(
        target,
        ">= 80 % of neurons",
        _as_numbers(response > other, response - other),
        mean,
        lambda value: value >= 0.8,
        response <= other,
        _comparison_note(compare(response, other)),
    )


def _guide(main: xr.Dataset, response: Floats, share: bool) -> _Case:
    guide = main.guide.values
    times = np.where(np.isnan(guide), np.nan, scores.ratio(response, guide))
    against = compare(guide, scores.of(main, "response", RIVAL, share=False))
    valid = against.share >= GUIDE_VALID
    return _Case(
        f"response / the gradient guide's{_mode(share)}",
        ">= 0.9",
        times,
        median,
        lambda value: bool(value >= 0.9 and valid),
        times < 0.9,
        f"at least 0.9 on {_percent(_as_numbers(times >= 0.9, times))}; the guide beats {RIVAL} on "
        f"{against.wins} of {against.total} ({'counts' if valid else 'does not count'})",
    )


def _reached(large: xr.Dataset, share: bool) -> _Case:
    reached = scores.of(large, "reached", SUBJECT, share=share)
    measured = reached[~np.isnan(reached)]
    most = 100 if share else 500
    high = float(np.quantile(measured, 0.9, method="higher")) if len(measured) else np.nan
    return _Case(
        f"images a neuron to the reference's final level, {large.sizes['unit']} neurons{_mode(share)}",
        f"<= {most}",
        reached,
        median,
        lambda value: value <= most,
        np.isinf(reached),
        f"90 % quantile {high:.0f}, never {int(np.isinf(reached).sum())}",
    )


def own_time(results: xr.Dataset, share: bool) -> TargetRow:
    """Return the subject's own processor time / decoding the same images, in the large group's cells."""
    rows = (results.group == SHARING) & (results.label == SUBJECT) & (results.share == share)
    cells = np.unique(results.cell.values[rows.values])
    seconds = results.optimizer_cpu_seconds.values[cells]
    decode = results.decode_cpu_seconds.values[cells]
    value = float(seconds.sum() / decode.sum()) if len(cells) and decode.sum() > 0 else np.nan
    return TargetRow(
        f"optimiser's own time / decode time{_mode(share)}",
        "<= 0.3",
        value,
        None if np.isnan(value) else value <= 0.3,
        note=f"{len(cells)} searches",
    )


def _summed(scored: xr.Dataset, case: _Case) -> TargetRow:
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


def _as_numbers(truth: NDArray[np.bool_], values: Floats) -> Floats:
    """Return 1 and 0; NaN where the values compared are not known."""
    return np.where(np.isnan(values), np.nan, truth.astype(np.float64))


def _count(values: Floats) -> float:
    return float(values.sum())


def _finite(values: Floats) -> Floats:
    return values[np.isfinite(values)]


def defined(values: Floats) -> Floats:
    """Return the values that are not NaN."""
    return values[~np.isnan(values)]


def _percent(values: Floats) -> str:
    return f"{100 * mean(defined(values)):.0f} %"


def _comparison_note(result: Comparison) -> str:
    return f"{result.wins} wins, {result.ties} ties, {result.losses} losses, sign test p {result.p:.2g}"


def _mode(share: bool) -> str:
    return f", share {'on' if share else 'off'}"
