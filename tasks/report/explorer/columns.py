"""The measures that the page can sort by and draw over training, as far as an atlas has them and they vary.

The groups of the atlas say which these are: ``columns`` and what is shown ``beside`` them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import xarray as xr

from spikeatlas.snn.selectivity import BUILT_IN
from spikeatlas.tasks.atlas import GROUPS, Group, Layout, Tree, at_search, layer_rows, mask
from spikeatlas.tasks.report.averages import Array

ALIKE = 0.99
"""Share of equal values from which on a measure does not vary: nobody sorts by it."""


SHARES = tuple(measure.variable for measure in BUILT_IN if measure.of_shares)
"""Measures that are undefined in a layer whose unit says that responses go below 0."""


class KnownMeasure(NamedTuple):
    """A measure of an atlas, as the page names it."""

    name: str
    label: str
    heading: str
    meaning: str


def known_measures(tree: Tree, layout: Layout) -> list[KnownMeasure]:
    """Return the measures that an atlas has a place for."""
    measures = []
    for group in GROUPS:
        if group.columns and group.path in tree:
            variables = group.variables(layout, None)
            for name, label, heading, identifier in group.columns:
                if name in tree[group.path]:
                    meaning = variables[name].meaning
                    measures.append(KnownMeasure(identifier or name, label, heading, meaning))
    return measures


def varying(
    measures: Iterable[KnownMeasure], cores: Iterable[Mapping[str, Array]], *, signed: bool = False
) -> list[KnownMeasure]:
    """Return the measures that tell neurons of an atlas apart; ``cores``: the values of each layer by name.

    ``signed``: responses of some layer go below 0: measures that are undefined there stay, for the page says why.
    """
    layers = list(cores)
    return [
        measure
        for measure in measures
        if (signed and measure.name in SHARES)
        or _varies(np.concatenate([core[measure.name].ravel() for core in layers]))
    ]


def _varies(values: Array) -> bool:
    defined = values[~np.isnan(values)]
    _, counts = np.unique(defined, return_counts=True)
    return bool(counts.size) and counts.max() < ALIKE * counts.sum()


def layer_measures(tree: Tree, layer: str, places: list[Array]) -> dict[str, Array]:
    """Return all that the analysis says of a layer's N neurons, by name in the page.

    (N,) for what is about the whole of training, (E, N) for what is about an epoch, and (K, E, N) for
    what is about a stimulus: that of the searches at each of the K ``places`` (E, N).
    """
    values: dict[str, Array] = {}
    for group in GROUPS:
        if not (group.columns or group.beside) or group.path not in tree:
            continue
        rows = layer_rows(tree[group.path], layer)
        committed = _committed(tree, group)
        for column in group.columns:
            if column.name in rows:
                name = column.identifier or column.name
                values[name] = _numbers(_values(rows[column.name], places, committed))
        for name in group.beside:
            if name in rows:
                values[name] = _values(rows[name], places, committed)
    return values


def _committed(tree: Tree, group: Group) -> Array | None:
    """Return (E,) true for the epochs that are committed; None for a group that is about all epochs together."""
    if not group.mark:
        return None
    path, _, name = group.mark.rpartition("/")
    return np.asarray(tree[path][name].values == 1)


def _values(values: xr.DataArray, places: list[Array], committed: Array | None) -> Array:
    if committed is None:
        return np.asarray(values.values)
    if "search" in values.dims:
        return np.stack([mask(at_search(values, place), committed) for place in places])
    return mask(values.transpose("epoch", "neuron").values, committed)


def _numbers(values: Array) -> Array:
    """Return values that can be sorted by: integers below 0 are no numbers."""
    return np.where(values < 0, np.nan, values) if values.dtype.kind in "iu" else values
