"""Values that are others today than in version 1 of the schema: a part of an array at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spikeatlas.tasks.atlas.groups.of_layers.layer_group import SILENT, STATUS
from spikeatlas.tasks.atlas.groups.selectivity_group import MEASURES_OF_IMAGES
from spikeatlas.tasks.atlas.layout import TOP_IMAGES, Layout
from spikeatlas.tasks.atlas.select import mask

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True)
class Surroundings:
    """All that a change may rest on beside the values themselves."""

    layout: Layout
    sign: int
    """1 where the most exciting images are searched, -1 where the least exciting ones are."""
    beside: Callable[[str], Array]
    """Reads, by its name, a variable that every search has, of the searches that the part is about."""


Change: TypeAlias = Callable[[list[Array], Surroundings], Array]
"""From the former values, of each layer where every one had its own."""


def _shown(values: list[Array], around: Surroundings) -> Array:
    """A silent neuron's search ended with whatever image came first."""
    return _without(values[0], around.beside("status") == SILENT)


def _lane(name: str) -> Change:
    def shown(values: list[Array], around: Surroundings) -> Array:
        nothing = (around.beside(f"{name}_response") == 0) & (around.sign > 0)
        return _without(values[0], nothing)

    return shown


def _without(images: Array, nothing: Array) -> Array:
    where = nothing.reshape(*nothing.shape, *(1,) * (images.ndim - nothing.ndim))
    return np.where(where, images.dtype.type(0), images)


def _of_cold_images(values: list[Array], around: Surroundings) -> Array:
    """A cold search that nothing answered, beside a warm one with an image, has none either."""
    if not around.layout.warm_start or around.sign < 0:
        return values[0]
    return mask(values[0], around.beside("cold_response") != 0)


def _best_images(values: list[Array], _around: Surroundings) -> Array:
    """Natural and diverse stimuli shared an axis, as long as the longer of them."""
    return values[0][:, :TOP_IMAGES]


def _alternatives(values: list[Array], around: Surroundings) -> Array:
    return values[0][:, :, :, : around.layout.diverse]


def _seeds(values: list[Array], _around: Surroundings) -> Array:
    return np.maximum(values[0], 0)


def _names(values: list[Array], _around: Surroundings) -> Array:
    return np.array(STATUS, object)[values[0]]


def _joined(values: list[Array], _around: Surroundings) -> Array:
    return np.concatenate(values)


CHANGES: Mapping[str, Change] = {
    "image/*/mei": _shown,
    "image/*/cold_mei": _lane("cold"),
    "image/*/warm_mei": _lane("warm"),
    "layers/*/seed": _seeds,
    "natural_top/*/natural_top": _best_images,
    "natural_top/*/natural_top_response": _best_images,
    "diverse/*/diverse_response": _alternatives,
    "diverse_image/*/diverse": _alternatives,
    "diverse_latent/*/diverse_latent": _alternatives,
    "selectivity/natural_active": _joined,
    "cross/*/cross_response": _of_cold_images,
    **{f"meis/{name}": _of_cold_images for name in MEASURES_OF_IMAGES},
    "neurons/status": _names,
}
"""By the path of today's array, ``*`` for a layer; all others are copied byte by byte."""
