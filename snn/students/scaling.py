"""Responses on a scale on which the ends of a ramp are 0 and 1, or near them, whatever their unit."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from spikeatlas.snn.layer_info import Unit

_LEAST = 1e-6


def response_scale(numbers: Tensor, unit: Unit) -> Tensor:
    """Return what responses (k, neurons, ...) are divided by, (neurons,): the unit's length, or else each neuron's largest."""
    if unit.top is not None:
        return torch.full((numbers.shape[1],), float(unit.top - min(unit.bottom or 0, 0)))
    sizes = numbers.nan_to_num().abs().transpose(0, 1).flatten(1)
    return sizes.amax(1).clamp_min(_LEAST)


def scaled_unit(unit: Unit) -> Unit:
    """Return the unit of responses that were divided by their scale."""
    if unit.top is not None:
        length = unit.top - min(unit.bottom or 0, 0)
        bottom = None if unit.bottom is None else unit.bottom / length
        return replace(unit, top=unit.top / length, bottom=bottom)
    # of a lower end that is not 0, each neuron's own scale would make another
    return replace(unit, bottom=0.0 if unit.bottom == 0 else None)


def divided(numbers: Tensor, scale: Tensor) -> Tensor:
    """Return responses (k, neurons, ...) divided by their scale (neurons,)."""
    return numbers / scale.view(1, -1, *(1,) * (numbers.dim() - 2))
