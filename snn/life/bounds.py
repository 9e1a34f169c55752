"""Bounds of the responses of a network's units to any image there can be."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from spikeatlas.snn.life.signal_bounds import (
    Interval,
    currents,
    input_interval,
    normalised,
    outputs,
)
from spikeatlas.snn.networks import SpikingNetwork

Floats = NDArray[np.float64]


class UnitBounds(NamedTuple):
    """Bounds (units,) of a layer's responses, as the atlas has them: means over the map and the steps."""

    low: Floats
    high: Floats
    """0: no image drives the unit; infinite where nothing is known."""


@torch.no_grad()
def response_bounds(network: SpikingNetwork) -> dict[str, UnitBounds]:
    """Return bounds of the responses of all hidden layers' units, in evaluation, for images (c, h, w) of any pixels.

    Interval arithmetic layer by layer (Moore 1966), in double precision and rounded outwards: what is true
    of the bounds is true of every image, but not every value within them is some image's response. In the
    first layer a current's largest value is that of an image, unless a maximum pool stands before a negative scale.
    """
    network.eval()
    interval, bounds = input_interval(network), {}
    for layer in list(network)[:-1]:
        inputs = normalised(layer.norm, currents(layer, interval))
        interval = outputs(layer.neuron, inputs, network.time_steps)
        bounds[layer.name] = _responses(interval, float(layer.neuron.height))
    return bounds


def _responses(interval: Interval, height: float) -> UnitBounds:
    """Average bounds over steps and the map; spikes count as 1."""
    means = (bound.mean(0)[0] for bound in interval)
    low, high = (mean.flatten(1).mean(1) if mean.dim() > 1 else mean for mean in means)
    return UnitBounds((low / height).numpy(), (high / height).numpy())
