"""Distances between MEIs of two epochs, beside those between two searches of one epoch."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, product
from typing import Any, Literal, TypeAlias

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.tasks.atlas import SEARCH, cold, has_mei, main_sign, of_sign

DriftKind: TypeAlias = Literal["image", "latent", "response", "class"]
"""What is compared. ``image``: root mean square difference of pixels in shares of the grey scale (0 to 1);
``latent``: share of codes that differ (0 to 1), or root mean square difference of Gaussian numbers;
``response``: absolute difference of responses, in their unit; ``class``: whether the study's classifier reads
another class (0 or 1)."""

Array = NDArray[np.floating]
BAND = ("drift", "same", "same_low", "same_high")


def drift(group: xr.Dataset, kind: DriftKind) -> xr.Dataset:
    """Distances between the MEIs of a layer's N neurons at E epochs: (epoch, neuron) each.

    ``group``: a layer's searches, images and latents; for ``class`` with ``mei_reference_class``. Only cold searches
    count, never a best known image from elsewhere, of the most exciting image where a study looked for both; and
    only searches of one method are held against each other:

    - ``drift``: mean distance from the MEIs of the epoch before to those of this one, over pairs of
      different repeats (of the same repeat where there is one only); NaN at the first epoch.
    - ``same``, ``same_low``, ``same_high``: mean, least and greatest distance between repeats of this epoch;
      NaN with one repeat.
    """
    group = of_sign(group, main_sign(group.response))
    epochs, neurons = group.sizes["epoch"], group.sizes["neuron"]
    band = {name: np.full((epochs, neurons), np.nan) for name in BAND}
    before: Array | None = None
    for row in range(epochs):
        now = _searches(group.isel(epoch=row), kind)
        repeats = range(now.shape[2])
        if len(repeats) > 1:
            same = _distances(now, now, list(combinations(repeats, 2)), kind)
            for name, function in _OF_BAND.items():
                band[name][row] = _reduced(function, same)
        if before is not None:
            pairs = [(a, b) for a, b in product(repeats, repeats) if a != b] or [(0, 0)]
            band["drift"][row] = _reduced(np.nanmean, _distances(before, now, pairs, kind))
        before = now
    return xr.Dataset(
        {name: (("epoch", "neuron"), values) for name, values in band.items()},
        coords={"epoch": group.epoch, "neuron": group.neuron},
    )


_OF_BAND: dict[str, Callable[..., Any]] = {
    "same": np.nanmean,
    "same_low": np.nanmin,
    "same_high": np.nanmax,
}
_VARIABLE = {"image": "mei", "latent": "latent", "response": "response"}


def _searches(epoch: xr.Dataset, kind: DriftKind) -> Array:
    """(N, methods, repeats, values) of one epoch, NaN where there is no MEI."""
    name = "mei_reference_class" if kind == "class" else cold(epoch, _VARIABLE[kind])
    values = epoch[name].transpose(*SEARCH, ...).values
    valid = has_mei(epoch).transpose(*SEARCH).values
    if kind == "class":
        valid &= values >= 0
    flat = values.reshape(*valid.shape, -1).astype(np.float32)
    return np.where(valid[..., None], flat / 255 if kind == "image" else flat, np.float32(np.nan))


def _distances(one: Array, other: Array, pairs: list[tuple[int, int]], kind: DriftKind) -> Array:
    """(N, methods x pairs) between repeats of one and of the other."""
    codes = kind == "class" or (kind == "latent" and bool((np.nan_to_num(one) % 1 == 0).all()))
    distance: Callable[[Array], Array] = _share_differing if codes else _root_mean_square
    return np.concatenate([distance(one[:, :, a] - other[:, :, b]) for a, b in pairs], axis=1)


def _root_mean_square(difference: Array) -> Array:
    distance: Array = np.sqrt(np.square(difference).mean(axis=-1))
    return distance


def _share_differing(difference: Array) -> Array:
    valid = ~np.isnan(difference).any(axis=-1)
    return np.where(valid, (difference != 0).mean(axis=-1), np.nan)


def _reduced(function: Callable[..., Any], distances: Array) -> Array:
    """One value a neuron; NaN where no pair has two MEIs."""
    valid = np.isfinite(distances).any(axis=1)
    values = np.full(len(distances), np.nan)
    values[valid] = function(distances[valid], axis=1)
    return values
