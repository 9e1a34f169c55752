"""The targets of the benchmark: what a method must reach, one row each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.tasks.benchmark.cells import MAIN, REFERENCE, SHARING
from spikeatlas.tasks.benchmark.scoring import scores
from spikeatlas.tasks.benchmark.scoring.statistics import Floats, compare, mean, median
from spikeatlas.tasks.benchmark.scoring.target_row import (
    TargetCase,
    TargetRow,
    as_numbers,
    comparison_note,
    finite,
    mode_of,
    percent,
    summed,
)

RIVAL, POOL = "random", "pool"
LOW = 0.33
"""Reference responses below this leave room for the ratio of the first row."""
CEILING = 1.0
"""The highest rate that there is."""
NEURONS_A_FAILURE = 32
"""Neurons of linear layers, among which one failure is allowed."""
_PRIOR = ("space only", "generator prior")
NO_MORE: Mapping[str, tuple[str, ...]] = {
    "space only": _PRIOR[:1],
    "generator prior": _PRIOR,
    "natural images": (*_PRIOR, "natural images"),
    "recordings": (*_PRIOR, "recordings"),
}
"""Classes of knowledge that know no more than one; none of them uses a gradient of the network."""
GUIDE_VALID = 0.95
"""Share of neurons on which the guide must beat random search before its row counts."""


def target_rows(results: xr.Dataset, subjects: Sequence[str]) -> list[TargetRow]:
    """Return all rows of the table for some methods, each for sharing on and off where the benchmark has both."""
    main = scores.per_neuron(results, MAIN)
    rows = [
        summed(main, case)
        for subject in subjects
        for share in (True, False)
        if _raced(main, subject, share)
        for case in _main_cases(main, subject, share)
    ]
    if (results.group.values == SHARING).any():
        large = scores.per_neuron(results, SHARING)
        for subject in subjects:
            ways = [share for share in (True, False) if _raced(large, subject, share)]
            rows += [summed(large, _reached(large, subject, share)) for share in ways]
            rows += [own_time(results, subject, share) for share in ways]
    return rows


def _raced(scored: xr.Dataset, subject: str, share: bool) -> bool:
    return not np.isnan(scores.of(scored, "response", subject, share=share)).all()


def _main_cases(main: xr.Dataset, subject: str, share: bool) -> Iterator[TargetCase]:
    mode = mode_of(subject, share)
    response = scores.of(main, "response", subject, share=share)
    reference, best = main.reference.values, main.best.values
    times = np.where(reference < LOW, scores.ratio(response, reference), np.nan)
    yield TargetCase(
        f"{mode}: response / reference's where that is below {LOW}",
        ">= 3.0",
        times,
        median,
        lambda value: value >= 3,
        times < 1,
        f"{np.sum(reference < LOW)} of {len(reference)} neurons",
    )
    won = scores.headroom(response, reference)
    yield TargetCase(f"{mode}: share of the headroom won", "reported", won, median, None, won < 0)
    yield _rivals(main, response, subject, share)
    yield from _failures(main, response, best, mode)
    yield _natural(main, response, mode)
    yield from _guides(main, response, mode)
    yield _pool(main, response, mode, share)


def _failures(main: xr.Dataset, response: Floats, best: Floats, mode: str) -> Iterator[TargetCase]:
    failed = scores.failures(response, best)
    for where, layers in _parts(main):
        numbers = np.where(layers, as_numbers(failed, response), np.nan)
        most = int(np.sum(layers & ~np.isnan(response))) // NEURONS_A_FAILURE if where else 0
        yield TargetCase(
            f"{mode}: failures{where}",
            f"at most {most}" if where else "none",
            numbers,
            _count,
            partial(_at_most, most),
            failed & layers,
        )


def _natural(main: xr.Dataset, response: Floats, mode: str) -> TargetCase:
    """Compare with natural images: above them is higher, or both at the highest rate there is."""
    encoded, raw = main.encoded.values, main.natural.values
    above = (response > encoded) | ((response >= CEILING) & (encoded >= CEILING))
    higher = as_numbers(response > raw, response)
    return TargetCase(
        f"{mode}: response above the best encoded natural image, or both at rate 1",
        ">= 95 % of neurons",
        as_numbers(above, scores.ratio(response, encoded)),
        mean,
        lambda value: value >= 0.95,
        ~above,
        f"median ratio {median(finite(scores.ratio(response, encoded))):.2f}, to raw images "
        f"{median(finite(scores.ratio(response, raw))):.2f}, above raw on {percent(higher)}",
    )


def _rivals(main: xr.Dataset, response: Floats, subject: str, share: bool) -> TargetCase:
    """Compare the subject with the best of all methods that know what it knows, or less."""
    knowledge = next(
        str(name)
        for label, name in zip(main.label.values, main.knowledge.values, strict=True)
        if label == subject
    )
    admissible = main.knowledge.isin(NO_MORE[knowledge])
    rivals = admissible & (main.label != REFERENCE) & (main.label != subject)
    others = scores.highest(main, rivals & (main.share == share))
    target = f"{mode_of(subject, share)}: beats every method that knows no more"
    return _beats(main, target, response, others)


def _pool(main: xr.Dataset, response: Floats, mode: str, share: bool) -> TargetCase:
    pool = scores.of(main, "response", POOL, share=share)
    return _beats(main, f"{mode}: beats {POOL} at equal images", response, pool)


def _beats(main: xr.Dataset, target: str, response: Floats, other: Floats) -> TargetCase:
    """Compare the subject's responses with another's; a tie is no win."""
    return TargetCase(
        target,
        ">= 80 % of neurons",
        as_numbers(response > other, response - other),
        mean,
        lambda value: value >= 0.8,
        response <= other,
        comparison_note(main, response, other),
    )


def _guides(main: xr.Dataset, response: Floats, mode: str) -> Iterator[TargetCase]:
    guide = main.guide.values
    times = np.where(np.isnan(guide), np.nan, scores.ratio(response, guide))
    against = compare(guide, scores.of(main, "response", RIVAL, share=False))
    valid = against.share >= GUIDE_VALID
    for where, layers in _parts(main):
        least = 0.95 if where else 0.9
        values = np.where(layers, times, np.nan)
        yield TargetCase(
            f"{mode}: response / the gradient guide's{where}",
            f">= {least}",
            values,
            median,
            partial(_at_least, least if valid else np.inf),
            values < least,
            f"at least {least} on {percent(as_numbers(values >= least, values))}; the guide beats {RIVAL} on "
            f"{against.wins} of {against.total} ({'counts' if valid else 'does not count'})",
        )


def _parts(main: xr.Dataset) -> list[tuple[str, NDArray[np.bool_]]]:
    """Return all neurons, and those of linear layers: what a target adds to its name, and which they are."""
    linear = np.array([str(name).startswith("fc") for name in main.layer.values])
    return [("", np.ones_like(linear)), *([(", linear layers", linear)] if linear.any() else [])]


def _reached(large: xr.Dataset, subject: str, share: bool) -> TargetCase:
    reached = scores.of(large, "reached", subject, share=share)
    measured = reached[~np.isnan(reached)]
    most = 100 if share else 500
    high = float(np.quantile(measured, 0.9, method="higher")) if len(measured) else np.nan
    return TargetCase(
        f"{mode_of(subject, share)}: images a neuron to the reference's final level, {large.sizes['unit']} neurons",
        f"<= {most}",
        reached,
        median,
        lambda value: value <= most,
        np.isinf(reached),
        f"90 % quantile {high:.0f}, never {int(np.isinf(reached).sum())}",
    )


def own_time(results: xr.Dataset, subject: str, share: bool) -> TargetRow:
    """Return the subject's own processor time / decoding the same images, in the large group's cells."""
    rows = (results.group == SHARING) & (results.label == subject) & (results.share == share)
    cells = np.unique(results.cell.values[rows.values])
    seconds = results.optimizer_cpu_seconds.values[cells]
    decode = results.decode_cpu_seconds.values[cells]
    value = float(seconds.sum() / decode.sum()) if len(cells) and decode.sum() > 0 else np.nan
    return TargetRow(
        f"{mode_of(subject, share)}: optimiser's own time / decode time",
        "<= 0.3",
        value,
        None if np.isnan(value) else value <= 0.3,
        note=f"{len(cells)} searches",
    )


def _count(values: Floats) -> float:
    return float(values.sum())


def _at_most(most: float, value: float) -> bool:
    return value <= most


def _at_least(least: float, value: float) -> bool:
    return value >= least
