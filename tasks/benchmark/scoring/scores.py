"""The scores of every neuron: pure functions of the collected results (`results.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.tasks.benchmark.cells import GRADIENT, REFERENCE
from spikeatlas.tasks.benchmark.scoring.statistics import Floats

FAILURE = 0.5
"""A search that stays below this share of the best any method reached has failed."""

Key = tuple[int, str, int]


def per_neuron(results: xr.Dataset, group: str) -> xr.Dataset:
    """Return one group's results along ``unit`` (a neuron of a network) and ``contender`` (method and sharing).

    ``response``, ``auc`` (mean of the normalised best-so-far), ``reached`` (images a neuron to the
    reference's final level; inf when never) (unit, contender): means over a method's seeds, NaN where
    it was not run. ``history`` (unit, contender, query): mean best-so-far; ``curve``: that / best. On ``unit``: ``best``
    (highest response of any single search, in any group), ``reference`` (its response), ``level`` (its
    best as it saw it), ``guide`` (the better of its ways), ``natural``, ``encoded``; coordinates
    ``training_seed, layer, neuron, cluster``. On ``contender``: ``label, share, knowledge``.
    """
    rows = results.isel(row=np.flatnonzero(results.group.values == group))
    keys = _keys(rows)
    units = sorted(set(keys))
    names = list(zip(rows.label.values.tolist(), rows.share.values.tolist(), strict=True))
    contenders = list(dict.fromkeys(names))
    unit_row = np.array([units.index(key) for key in keys], np.int64)
    contender = np.array([contenders.index(name) for name in names], np.int64)
    best = _best(results, units)
    is_reference = rows.label.values == REFERENCE
    level = _grouped(np.where(is_reference, rows.level.values, np.nan), unit_row, len(units))
    shape = (len(units), len(contenders))
    pair = unit_row * len(contenders) + contender

    def average(values: NDArray[Any]) -> NDArray[np.float64]:
        return _grouped(values, pair, len(units) * len(contenders)).reshape(
            *shape, *values.shape[1:]
        )

    history = np.nan_to_num(rows.history.values.astype(np.float64))
    normalised = history / np.where(best > 0, best, 1)[unit_row, None]
    data: dict[str, Any] = {
        "response": (("unit", "contender"), average(rows.response.values)),
        "auc": (("unit", "contender"), average(normalised.mean(axis=1))),
        "reached": (
            ("unit", "contender"),
            average(images_to(rows.history.values, level[unit_row])),
        ),
        "curve": (("unit", "contender", "query"), average(normalised)),
        "history": (("unit", "contender", "query"), average(history)),
        "best": ("unit", best),
        "level": ("unit", level),
        "natural": ("unit", _grouped(rows.natural.values, unit_row, len(units))),
        "encoded": ("unit", _grouped(rows.encoded.values, unit_row, len(units))),
    }
    scored = xr.Dataset(data, coords=_coordinates(rows, units, contenders, names))
    return scored.assign(
        reference=("unit", highest(scored, scored.label == REFERENCE)),
        guide=("unit", highest(scored, scored.knowledge == GRADIENT)),
    )


def highest(scored: xr.Dataset, contenders: xr.DataArray) -> NDArray[np.float64]:
    """Return the highest response (unit,) of some contenders; NaN where none of them was run."""
    values = scored.response.values[:, contenders.values]
    return np.asarray(np.fmax.reduce(values, axis=1, initial=np.nan))


def images_to(history: Floats, level: Floats) -> NDArray[np.float64]:
    """Return the images a neuron until the best-so-far (n, B) is at ``level`` (n,): 1 to B, inf when never.

    NaN where there is no level.
    """
    there = history >= level[:, None]
    images = np.where(there.any(axis=1), there.argmax(axis=1) + 1.0, np.inf)
    return np.asarray(np.where(np.isnan(level), np.nan, images))


def headroom(response: Floats, reference: Floats) -> NDArray[np.float64]:
    """Return the share of what the reference left that was won, (r - ref) / (1 - ref); NaN where it left nothing."""
    room = 1 - np.asarray(reference, np.float64)
    return np.asarray((response - reference) / np.where(room > 0, room, np.nan))


def ratio(response: Floats, other: Floats) -> NDArray[np.float64]:
    """Return the quotient; inf over 0, 1 where both are 0."""
    response, other = np.asarray(response, np.float64), np.asarray(other, np.float64)
    safe = np.where(other == 0, 1, other)
    over_nothing = np.where(response > 0, np.inf, 1.0)
    return np.asarray(np.where(other == 0, over_nothing, response / safe))


def failures(response: Floats, best: Floats) -> NDArray[np.bool_]:
    """Return True where a response stays below half of the best any method reached."""
    return np.asarray(response < FAILURE * best)


def of(scored: xr.Dataset, name: str, label: str, *, share: bool) -> NDArray[np.float64]:
    """Return one contender's values (unit, ...); NaN where it was not run."""
    rows = np.flatnonzero((scored.label.values == label) & (scored.share.values == share))
    if not len(rows):
        sizes = [size for name, size in scored[name].sizes.items() if name != "contender"]
        return np.full(sizes, np.nan)
    return np.asarray(scored[name].isel(contender=int(rows[0])).values, np.float64)


def _coordinates(
    rows: xr.Dataset, units: list[Key], contenders: list[tuple[str, bool]], names: list[Any]
) -> dict[str, Any]:
    knowledge = [str(rows.knowledge.values[names.index(name)]) for name in contenders]
    return {
        "training_seed": ("unit", np.array([seed for seed, _, _ in units], np.int64)),
        "layer": ("unit", np.array([layer for _, layer, _ in units], str)),
        "neuron": ("unit", np.array([neuron for _, _, neuron in units], np.int64)),
        "cluster": ("unit", np.array([f"{seed} {layer}" for seed, layer, _ in units], str)),
        "label": ("contender", np.array([label for label, _ in contenders], str)),
        "share": ("contender", np.array([share for _, share in contenders], bool)),
        "knowledge": ("contender", np.array(knowledge, str)),
    }


def _keys(rows: xr.Dataset) -> list[Key]:
    return list(
        zip(
            rows.training_seed.values.tolist(),
            rows.layer.values.tolist(),
            rows.neuron.values.tolist(),
            strict=True,
        )
    )


def _best(results: xr.Dataset, units: list[Key]) -> NDArray[np.float64]:
    """Return the highest response that any single search reached for each unit."""
    best: dict[Key, float] = {}
    for key, response in zip(_keys(results), results.response.values.tolist(), strict=True):
        best[key] = max(best.get(key, 0.0), response)
    return np.array([best[key] for key in units])


def _grouped(values: NDArray[Any], group: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Return the means of the values (n, ...) at each group, NaN values left out; NaN where there are none."""
    total = np.zeros((count, *values.shape[1:]))
    measured = ~np.isnan(values)
    np.add.at(total, group, np.where(measured, values, 0))
    number = np.zeros_like(total)
    np.add.at(number, group, measured)
    return np.asarray(np.where(number > 0, total / np.maximum(number, 1), np.nan))
