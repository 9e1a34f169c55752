"""Curves of what a training tells of its network beside accuracy and loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xarray as xr

from spikeatlas.tasks.atlas import Tree
from spikeatlas.tasks.report.explorer.packing import plain

Panel = dict[str, Any]
"""``label``, ``about``, ``unit`` of the x-axis where that is not the epochs, ``lines``: each a ``label`` and values ``y``
(E,), or (E, x) on an axis of its own."""


def training_panels(tree: Tree | Mapping[str, xr.Dataset]) -> list[Panel]:
    """Return the panels of what is there: returns of an actor, scales of time steps, the distance from an optimum."""
    panels = {
        "progress/acting": _returns,
        "progress/time_steps": _scales,
        "progress/optimum": _objective,
    }
    return [panel(tree[path]) for path, panel in panels.items() if path in tree]


def _returns(group: xr.Dataset) -> Panel:
    return _panel(group.mean_return, [("mean return", group.mean_return)])


def _scales(group: xr.Dataset) -> Panel:
    """A curve over the time steps of an epoch for each layer that has learnt one."""
    scales = group.scale
    layers = [layer for layer in scales.layer.values if scales.sel(layer=layer).notnull().any()]
    return {
        **_panel(scales, [(layer, scales.sel(layer=layer)) for layer in layers]),
        "unit": "time step",
    }


def _objective(group: xr.Dataset) -> Panel:
    """The objective of all classes' problems together; the gap below it is far too small for a picture."""
    return _panel(group.objective, [("objective", group.objective.sum("category", skipna=False))])


def _panel(array: xr.DataArray, lines: list[tuple[str, xr.DataArray]]) -> Panel:
    return {
        "label": array.attrs["long_name"],
        "about": array.attrs.get("comment", ""),
        "unit": None,
        "lines": [{"label": label, "y": plain(values.values)} for label, values in lines],
    }
