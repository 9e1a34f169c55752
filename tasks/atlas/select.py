"""Choosing among the searches and neurons of an atlas: what is settled, which search is best, whose rows these are."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.tasks.atlas.groups.axes import SEARCH_SIGN
from spikeatlas.tasks.atlas.groups.base import RATE
from spikeatlas.tasks.atlas.groups.of_layers.layer_group import SILENT, STATUS, UNSETTLED

SEARCH = ("neuron", "search", "repeat")
"""Dimensions of what every search of one epoch has."""


def settled(status: xr.DataArray) -> xr.DataArray:
    """Return where a search ended with a result: done, silent or saturated."""
    return ~status.isin(UNSETTLED)


def alive(status: xr.DataArray) -> xr.DataArray:
    """Return where a search found an MEI: a silent neuron's found none."""
    return settled(status) & (status != SILENT)


def cold(group: xr.Dataset, name: str) -> str:
    """Name the variable that knows nothing of other epochs: ``name`` itself, but for a study with a warm start."""
    return f"cold_{name}" if f"cold_{name}" in group else name


def has_mei(group: xr.Dataset) -> xr.DataArray:
    """Return where a search that knows nothing of other epochs has an image (``cold``)."""
    return alive(group.status) & answered(group[cold(group, "response")])


def answered(response: xr.DataArray) -> xr.DataArray:
    """Return where a search's result is an answer: not 0 where nothing is below it and the highest was sought."""
    silence: xr.DataArray = (response == 0) & (response[SEARCH_SIGN] > 0)
    return ~silence if zero_is_silence(response) else xr.ones_like(silence)


def zero_is_silence(response: xr.DataArray) -> bool:
    """Return True where nothing is below a response of 0, as the atlas says of its unit."""
    # what has no other unit is spikes, from 0 to 1
    return bool(response.attrs.get("valid_min", 0 if is_rate(response) else None) == 0)


def is_rate(response: xr.DataArray) -> bool:
    """Return True where responses are spikes a step and position, from 0 to 1, of which the atlas says no more."""
    return str(response.attrs.get("units", RATE)) == RATE


def main_sign(response: xr.DataArray) -> int:
    """Return the sign of what stands for a neuron: 1 unless every search looked for the least exciting image."""
    return 1 if bool((response[SEARCH_SIGN] > 0).any()) else -1


def of_sign(group: xr.Dataset, sign: int) -> xr.Dataset:
    """Return the searches that looked for the most (1) or the least exciting image (-1)."""
    return group.isel(search=np.flatnonzero(group[SEARCH_SIGN].values == sign))


def by_search(values: xr.DataArray) -> NDArray[Any]:
    """Return values as ([epochs,] neurons, searches x repeats, ...)."""
    dims = [dim for dim in ("epoch", *SEARCH) if dim in values.dims]
    array: NDArray[Any] = values.transpose(*dims, ...).values
    axis = dims.index("search")
    return array.reshape(*array.shape[:axis], -1, *array.shape[axis + 2 :])


def best_search(
    response: xr.DataArray, status: xr.DataArray, sign: int | None = None
) -> NDArray[np.intp]:
    """Return the place ([epochs,] neurons) of the best search among searches x repeats.

    The best: settled, of ``sign`` (if None, of the most exciting image, as far as any looked for that), with the
    highest response times the sign; the first among equals, and of those of that sign where none is settled.
    """
    sign = main_sign(response) if sign is None else sign
    alike = response[SEARCH_SIGN] == sign
    score = by_search((sign * response).where(settled(status) & alike, -np.inf))
    score = np.where(np.isnan(score), -np.inf, score)
    first = int(np.flatnonzero(alike.values)[0]) * response.sizes["repeat"]
    place: NDArray[np.intp] = np.where(
        np.isneginf(score).all(axis=-1), first, score.argmax(axis=-1)
    )
    return place


def at_search(values: xr.DataArray, place: NDArray[np.intp]) -> NDArray[Any]:
    """Return the values ([epochs,] neurons, ...) of the searches at ``place`` ([epochs,] neurons)."""
    flat = by_search(values)
    index = place.reshape(*place.shape, *(1,) * (flat.ndim - place.ndim))
    return np.take_along_axis(flat, index, axis=place.ndim).squeeze(place.ndim)


def best_rows(searches: xr.Dataset) -> dict[str, NDArray[Any]]:
    """Return what ``/best`` says of a layer (neurons, ...): the best search of all; ``place``: which that is."""
    place = best_search(searches.response, searches.status)
    status = at_search(searches.status, place)
    methods, repeats = searches["search"].values.astype(object), searches.sizes["repeat"]
    return {
        "mei": at_search(searches.mei, place),
        "response": at_search(searches.response, place),
        "best_search": methods[place // repeats],
        "best_repeat": (place % repeats).astype(np.int16),
        "status": np.array(STATUS, object)[status],
        "place": place,
    }


def layer_rows(table: xr.Dataset, layer: str) -> xr.Dataset:
    """Return the rows of one layer's neurons in a table over all layers."""
    return table.isel(neuron=np.flatnonzero(table["layer"].values == layer))


def undefined(dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the value () that says that there is none: NaN, or -1 of integers."""
    return np.array(np.nan if dtype.kind == "f" else -1, dtype)


def mask(values: NDArray[Any], valid: NDArray[np.bool_]) -> NDArray[Any]:
    """Return values where ``valid``, which has their first axes, and undefined ones elsewhere."""
    where = valid.reshape(*valid.shape, *(1,) * (values.ndim - valid.ndim))
    return np.where(where, values, undefined(values.dtype))
