"""The table: what the search must reach, one row a target, and one line a method."""

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
    Duel,
    Floats,
    Statistic,
    duel,
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
class Row:
    """One target: what was asked for, what came out."""

    target: str
    wanted: str
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
class Line:
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
    duel: Duel | None
    """The subject against it, at equal sharing (the reference and the guide: without)."""


@dataclass(frozen=True)
class _Case:
    """A row that is judged neuron by neuron, then summed up."""

    target: str
    wanted: str
    values: Floats
    statistic: Statistic
    good: Callable[[float], bool] | None
    losing: NDArray[np.bool_]
    note: str = ""


def target_rows(results: xr.Dataset) -> list[Row]:
    """All rows of the table, each for sharing on and off where both are asked for."""
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
        f"response / reference's where that is below {LOW}{mode}", ">= 3.0", times, median,
        lambda value: value >= 3, times < 1, f"{np.sum(reference < LOW)} of {len(reference)} neurons",
    )  # fmt: skip
    won = scores.headroom(response, reference)
    yield _Case(f"share of the headroom won{mode}", "reported", won, median, None, won < 0)
    yield _rivals(main, response, share)
    failed = scores.failures(response, best)
    yield _Case(
        f"failures{mode}",
        "none",
        _known(failed, response),
        _count,
        lambda value: value == 0,
        failed,
    )
    encoded = scores.ratio(response, main.encoded.values)
    raw = scores.ratio(response, main.natural.values)
    yield _Case(
        f"response above the best encoded natural image{mode}", ">= 90 % of neurons",
        _known(encoded > 1, encoded), mean, lambda value: value >= 0.9, encoded <= 1,
        f"median ratio {median(_finite(encoded)):.2f}, to raw images {median(_finite(raw)):.2f}, "
        f"above raw on {_percent(_known(raw > 1, raw))}",
    )  # fmt: skip
    yield _guide(main, response, share)
    yield _pool(main, response, share)


def _rivals(main: xr.Dataset, response: Floats, share: bool) -> _Case:
    """The subject against the best of every method that knows no more than it."""
    excluded = (main.knowledge == NATURAL) | (main.knowledge == GRADIENT)
    excluded = excluded | (main.label == REFERENCE) | (main.label == SUBJECT)
    others = scores.highest(main, ~excluded & (main.share == share))
    return _beats(f"beats every other method of its class{_mode(share)}", response, others)


def _pool(main: xr.Dataset, response: Floats, share: bool) -> _Case:
    pool = scores.of(main, "response", POOL, share=share)
    return _beats(f"beats {POOL} at equal images{_mode(share)}", response, pool)


def _beats(target: str, response: Floats, other: Floats) -> _Case:
    """The subject's responses above another's; a tie is no win."""
    return _Case(
        target, ">= 80 % of neurons",
        _known(response > other, response - other), mean, lambda value: value >= 0.8,
        response <= other, _duel_note(duel(response, other)),
    )  # fmt: skip


def _guide(main: xr.Dataset, response: Floats, share: bool) -> _Case:
    guide = main.guide.values
    times = np.where(np.isnan(guide), np.nan, scores.ratio(response, guide))
    against = duel(guide, scores.of(main, "response", RIVAL, share=False))
    valid = against.share >= GUIDE_VALID
    return _Case(
        f"response / the gradient guide's{_mode(share)}", ">= 0.9", times, median,
        lambda value: bool(value >= 0.9 and valid), times < 0.9,
        f"at least 0.9 on {_percent(_known(times >= 0.9, times))}; the guide beats {RIVAL} on "
        f"{against.wins} of {against.total} ({'counts' if valid else 'does not count'})",
    )  # fmt: skip


def _reached(large: xr.Dataset, share: bool) -> _Case:
    reached = scores.of(large, "reached", SUBJECT, share=share)
    known = reached[~np.isnan(reached)]
    most = 100 if share else 500
    high = float(np.quantile(known, 0.9, method="higher")) if len(known) else np.nan
    return _Case(
        f"images a neuron to the reference's final level, {large.sizes['unit']} neurons{_mode(share)}",
        f"<= {most}", reached, median, lambda value: value <= most, np.isinf(reached),
        f"90 % quantile {high:.0f}, never {int(np.isinf(reached).sum())}",
    )  # fmt: skip


def own_time(results: xr.Dataset, share: bool) -> Row:
    """The subject's own processor time / decoding the same images, in the large group's cells."""
    chosen = (results.group == SHARING) & (results.label == SUBJECT) & (results.share == share)
    cells = np.unique(results.cell.values[chosen.values])
    own = results.optimizer_cpu_seconds.values[cells]
    decode = results.decode_cpu_seconds.values[cells]
    value = float(own.sum() / decode.sum()) if len(cells) and decode.sum() > 0 else np.nan
    return Row(
        f"optimiser's own time / decode time{_mode(share)}", "<= 0.3", value,
        None if np.isnan(value) else value <= 0.3, note=f"{len(cells)} searches",
    )  # fmt: skip


def method_lines(results: xr.Dataset) -> list[Line]:
    """One line for each method and way of sharing, on the main group."""
    main = scores.per_neuron(results, MAIN)
    lines = []
    for label, share, knowledge in zip(
        main.label.values.tolist(), main.share.values.tolist(), main.knowledge.values.tolist(), strict=True
    ):  # fmt: skip
        response = scores.of(main, "response", label, share=share)
        run = ~np.isnan(response)
        normalised = scores.ratio(response, main.best.values)
        seconds, own = seconds_of(results, label, share)
        ours = scores.of(main, "response", SUBJECT, share=share)
        low, high = interval(normalised[run], main.cluster.values[run], median)
        lines.append(
            Line(
                label, share, knowledge, median(normalised[run]), low, high,
                median(scores.of(main, "auc", label, share=share)[run]),
                median(_defined(scores.of(main, "reached", label, share=share)[run]))
                if label != REFERENCE else np.nan,
                int(scores.failures(response, main.best.values).sum()), seconds, own,
                None if label == SUBJECT else duel(ours, response),
            )
        )  # fmt: skip
    return lines


def seconds_of(results: xr.Dataset, label: str, share: bool) -> tuple[float, float]:
    """Wall seconds an image of one contender on the main group: in all, and inside the method."""
    chosen = (results.group == MAIN) & (results.label == label) & (results.share == share)
    cells = results.isel(cell_index=np.unique(results.cell.values[chosen.values]))
    images = float(cells.images.sum())
    own = float(cells.optimizer_seconds.sum())
    return (
        own + float((cells.decode_seconds + cells.respond_seconds).sum())
    ) / images, own / images


def _summed(found: xr.Dataset, case: _Case) -> Row:
    known = ~np.isnan(case.values)
    values = case.values[known]
    if not len(values):
        return Row(case.target, case.wanted, np.nan, None, note="not measured")
    value = case.statistic(values)
    low, high = interval(values, found.cluster.values[known], case.statistic)
    layer = found.layer.values
    layers = {
        str(name): case.statistic(case.values[known & (layer == name)])
        for name in dict.fromkeys(layer[known].tolist())
    }
    losing = tuple(_unit(found, place) for place in np.flatnonzero(case.losing & known))
    met = case.good(value) if case.good else None
    return Row(case.target, case.wanted, value, met, low, high, layers, losing, case.note)


def _unit(found: xr.Dataset, place: Any) -> str:
    at = found.isel(unit=int(place))
    return f"seed {at.training_seed.item()} {at.layer.item()}/{at.neuron.item()}"


def _known(truth: NDArray[np.bool_], values: Floats) -> Floats:
    """1 and 0; NaN where the values compared are not known."""
    return np.where(np.isnan(values), np.nan, truth.astype(np.float64))


def _count(values: Floats) -> float:
    return float(values.sum())


def _finite(values: Floats) -> Floats:
    return values[np.isfinite(values)]


def _defined(values: Floats) -> Floats:
    return values[~np.isnan(values)]


def _percent(values: Floats) -> str:
    return f"{100 * mean(_defined(values)):.0f} %"


def _duel_note(found: Duel) -> str:
    return f"{found.wins} wins, {found.ties} ties, {found.losses} losses, sign test p {found.p:.2g}"


def _mode(share: bool) -> str:
    return f", share {'on' if share else 'off'}"
