"""The measures that the page can sort by and draw over training, as far as an atlas has them.

The groups of the atlas say which these are: ``columns`` and what is shown ``beside`` them.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from spikeatlas.tasks.atlas import GROUPS, Column, Group, at_search, layer_rows, mask
from spikeatlas.tasks.report.averages import Array


def identifier(measure: Column) -> str:
    """Return the measure's name in the page."""
    return measure.identifier or measure.name


def known_measures(tree: xr.DataTree) -> list[tuple[Column, xr.DataArray]]:
    """Return the measures that an atlas has a place for."""
    return [
        (measure, tree[group.path].to_dataset()[measure.name])
        for group in GROUPS
        for measure in group.columns
        if group.path in tree.children and measure.name in tree[group.path].to_dataset()
    ]


def layer_measures(tree: xr.DataTree, layer: str, places: list[Array]) -> dict[str, Array]:
    """Return all that the analysis says of a layer's N neurons, by name in the page.

    (N,) for what is about the whole of training, (E, N) for what is about an epoch, and (K, E, N) for
    what is about a stimulus: that of the searches at each of the K ``places`` (E, N).
    """
    values: dict[str, Array] = {}
    for group in GROUPS:
        if not (group.columns or group.beside) or group.path not in tree.children:
            continue
        rows = layer_rows(tree[group.path].to_dataset(), layer)
        committed = _committed(tree, group)
        for measure in group.columns:
            if measure.name in rows:
                values[identifier(measure)] = _numbers(
                    _values(rows[measure.name], places, committed)
                )
        for name in group.beside:
            if name in rows:
                values[name] = _values(rows[name], places, committed)
    return values


def _committed(tree: xr.DataTree, group: Group) -> Array | None:
    """Return (E,) true for the epochs that are committed; None for a group that is about all epochs together."""
    if not group.mark:
        return None
    mark = tree[group.mark]
    assert isinstance(mark, xr.DataArray)
    return np.asarray(mark.values == 1)


def _values(values: xr.DataArray, places: list[Array], committed: Array | None) -> Array:
    if committed is None:
        return np.asarray(values.values)
    if "method" in values.dims:
        return np.stack([mask(at_search(values, place), committed) for place in places])
    return mask(values.transpose("epoch", "neuron").values, committed)


def _numbers(values: Array) -> Array:
    """Return values that can be sorted by: integers below 0 are no numbers."""
    return np.where(values < 0, np.nan, values) if values.dtype.kind in "iu" else values
