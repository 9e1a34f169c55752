"""Checks of what a user's function answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.layer_info import LayerInfo


def checked_answers(
    answers: object, layers: Mapping[str, LayerInfo], count: int, factory: str
) -> dict[str, NDArray[np.float64]]:
    """Return answers of all layers as float64 (count, neurons).

    ValueError, one sentence, where a layer is missing, where its array is of another type or shape, or holds
    what is not finite or lies outside of its unit. Other entries are let be.
    """
    if not isinstance(answers, Mapping):
        raise ValueError(  # noqa: TRY004 - a sentence for the user, as all others
            f"the function of {factory} returns a {type(answers).__name__}; it must return "
            f"{{layer: numbers ({count}, neurons)}} for {', '.join(layers)}."
        )
    missing = [layer for layer in layers if layer not in answers]
    if missing:
        raise ValueError(
            f"the function of {factory} returns no {', '.join(missing)}, only "
            f"{', '.join(map(str, answers)) or 'nothing'}; name in network.layers what it returns."
        )
    return {layer: _checked(answers[layer], layer, info, count) for layer, info in layers.items()}


def _checked(answer: Any, layer: str, info: LayerInfo, count: int) -> NDArray[np.float64]:
    array = np.asarray(answer)
    if array.dtype.kind not in "buif":
        raise ValueError(
            f"answers of layer {layer!r} have type {array.dtype}; they must be real numbers."
        )
    if array.shape != (count, info.neurons):
        raise ValueError(
            f"answers of layer {layer!r} have shape {array.shape}; for {count} images and "
            f"{info.neurons} neurons it must be ({count}, {info.neurons})."
        )
    rows = array.astype(np.float64)
    # responses are stored as float32
    with np.errstate(over="ignore"):
        finite = np.isfinite(rows.astype(np.float32))
    if not finite.all():
        image, neuron = np.argwhere(~finite)[0]
        raise ValueError(
            f"neuron {neuron} of layer {layer!r} answers image {image} with {rows[image, neuron]}; "
            "answers must be finite."
        )
    _check_ends(rows, layer, info)
    return rows


def _check_ends(rows: NDArray[np.float64], layer: str, info: LayerInfo) -> None:
    for end, wrong in (
        (info.unit.top, lambda limit: rows.max(initial=limit) > limit),
        (info.unit.bottom, lambda limit: rows.min(initial=limit) < limit),
    ):
        if end is not None and wrong(end):
            raise ValueError(
                f"layer {layer!r} answers from {rows.min():g} to {rows.max():g} {info.unit.name}, but "
                f"network.unit lets it be {_range(info)}; set top and bottom, or null for no end."
            )


def _range(info: LayerInfo) -> str:
    bottom, top = info.unit.bottom, info.unit.top
    return f"{'no end' if bottom is None else bottom} to {'no end' if top is None else top}"
