"""Checks of what a user's function answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from spikeatlas.snn.layer_info import LayerInfo
from spikeatlas.snn.sentences import kind_of, near, reason_of


def checked_answers(
    answers: object, layers: Mapping[str, LayerInfo], count: int, factory: str
) -> dict[str, NDArray[np.float64]]:
    """Return answers of all layers as float64 (count, neurons).

    Arrays, lists and torch's tensors of real numbers are read, wherever they are and whatever their type.
    ValueError, one sentence, where a layer is missing, where its array is of another type or shape, or holds
    what is masked, not finite, or outside of its unit. Other entries are let be.
    """
    if not isinstance(answers, Mapping):
        raise ValueError(  # noqa: TRY004 - a sentence for the user, as all others
            f"network.factory: the function of {factory} returns {kind_of(answers)}; it must return "
            f"{{layer: numbers ({count}, neurons)}} for {', '.join(layers)}."
        )
    missing = [layer for layer in layers if layer not in answers]
    if missing:
        names = list(map(str, answers))
        raise ValueError(
            f"network.layers: the function of {factory} returns no {', '.join(missing)}{near(missing[0], names)}, only "
            f"{', '.join(names) or 'nothing'}; name in network.layers what it returns."
        )
    return {layer: _checked(answers[layer], layer, info, count) for layer, info in layers.items()}


def _checked(answer: Any, layer: str, info: LayerInfo, count: int) -> NDArray[np.float64]:
    array = _array(answer, layer)
    if array.dtype.kind not in "buif":
        type_ = f"have type {array.dtype}" if array.ndim else f"are {kind_of(answer)}"
        raise ValueError(
            f"network.factory: answers of layer {layer!r} {type_}; they must be real numbers ({count}, {info.neurons})."
        )
    if array.shape != (count, info.neurons):
        raise ValueError(
            f"network.layers: answers of layer {layer!r} have shape {array.shape}; for {count} images and "
            f"{info.neurons} neurons it must be ({count}, {info.neurons})."
        )
    rows = array.astype(np.float64)
    # responses are stored as float32
    with np.errstate(over="ignore"):
        finite = np.isfinite(rows.astype(np.float32))
    if not finite.all():
        image, neuron = np.argwhere(~finite)[0]
        raise ValueError(
            f"network.factory: neuron {neuron} of layer {layer!r} answers image {image} with {rows[image, neuron]}; "
            "answers must be finite."
        )
    _check_ends(rows, layer, info)
    return rows


def _array(answer: Any, layer: str) -> NDArray[Any]:
    """Return a layer's answers as an array of their own type. ValueError for what is none, or masked."""
    try:
        array = np.asanyarray(_plain(answer))
    except Exception as error:
        # whatever a library raises when its numbers are asked for
        raise ValueError(
            f"network.factory: answers of layer {layer!r}, {kind_of(answer)}, cannot be read as an array "
            f"({reason_of(error)}); return numbers (n, neurons)."
        ) from error
    masked = int(np.ma.getmaskarray(array).sum()) if isinstance(array, np.ma.MaskedArray) else 0
    if masked:
        raise ValueError(
            f"network.factory: {masked} answers of layer {layer!r} are masked; every neuron must answer every image, "
            "so fill them."
        )
    return np.asarray(array)


def _plain(answer: Any) -> Any:
    """Return tensors, also those of a list, as arrays: without gradient, dense, on the CPU."""
    if isinstance(answer, list | tuple) and any(isinstance(item, torch.Tensor) for item in answer):
        return [_plain(item) for item in answer]
    if not isinstance(answer, torch.Tensor):
        return answer
    values = answer.detach()
    values = values.to_dense() if values.layout != torch.strided else values
    # numpy has no bfloat16
    return (values.double() if values.is_floating_point() else values).cpu().numpy()


def _check_ends(rows: NDArray[np.float64], layer: str, info: LayerInfo) -> None:
    for end, wrong in (
        (info.unit.top, lambda limit: rows.max(initial=limit) > limit),
        (info.unit.bottom, lambda limit: rows.min(initial=limit) < limit),
    ):
        if end is not None and wrong(end):
            raise ValueError(
                f"network.unit: layer {layer!r} answers from {rows.min():g} to {rows.max():g} {info.unit.name}, but "
                f"network.unit lets it be {_range(info)}; set top and bottom, or null for no end."
            )


def _range(info: LayerInfo) -> str:
    bottom, top = info.unit.bottom, info.unit.top
    return f"{'no end' if bottom is None else bottom} to {'no end' if top is None else top}"
