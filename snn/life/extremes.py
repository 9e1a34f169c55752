"""The images that drive the first layer's units most: black and white, where their weights say so."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from spikeatlas.snn.coding import CODINGS
from spikeatlas.snn.life.signal_bounds import conducted, input_interval
from spikeatlas.snn.networks import SpikingNetwork


def extreme_images(network: SpikingNetwork) -> NDArray[np.uint8]:
    """Return one image (units, c, h, w) for each unit of the first layer, that drives it more than any other does.

    A pixel is white where the gradient of the unit's current by it is positive, and black elsewhere; the current is that at
    the position where it can become largest, averaged over a window where the pool does so. Where a maximum pool stands
    before a negative scale, images may drive a unit more. ValueError where a coding hands on no images, but spikes of both signs.
    """
    if CODINGS[network.coding].ternary:
        raise ValueError(
            f"extreme images are of networks that get pixels or their rates, not {network.coding}."
        )
    network.eval()
    layer = next(iter(network))
    bounds = conducted(layer, input_interval(network))
    signs = _signs(network)
    reach = torch.where(
        signs.view(-1, *(1,) * (bounds.high.dim() - 3)) > 0, bounds.high, -bounds.low
    )
    places = reach[0, 0].flatten(1).argmax(1) if reach.dim() > 3 else None
    pixels = torch.zeros((1, *network.input_shape), requires_grad=True)
    currents = layer.operator(pixels.flatten(1) if layer.flatten else pixels)
    if isinstance(layer.pool, nn.AvgPool2d):
        currents = layer.pool(currents)
    currents = currents.reshape(layer.size, -1)
    images = []
    for unit, sign in enumerate(signs):
        current = currents[unit, 0 if places is None else places[unit]]
        (slope,) = torch.autograd.grad(sign * current, pixels, retain_graph=True)
        images.append(255 * (slope[0] > 0).numpy().astype(np.uint8))
    return np.stack(images)


def _signs(network: SpikingNetwork) -> torch.Tensor:
    """1 for units (units,) of the first layer whose normalisation keeps the order of currents, -1 for those it reverses."""
    layer = next(iter(network))
    affine = None if layer.norm is None else layer.norm.affine()
    if affine is None:
        return torch.ones(layer.size)
    return torch.where(affine[0].detach().mean(0).cpu() < 0, -1.0, 1.0)
