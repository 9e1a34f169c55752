"""Networks whose layers stand in a row, built from a study's fields and a seed of their own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from spikeatlas.snn.networks.base import NetworkSite, Shape
from spikeatlas.snn.networks.layer import Pool, SpikingLayer, SteadyLinear, convolution, linear
from spikeatlas.snn.networks.network import SpikingNetwork
from spikeatlas.snn.neurons import NeuronSite, NeuronSpec, SurrogateSpec
from spikeatlas.snn.norms import NormSite

if TYPE_CHECKING:
    # the specification builds its network with the functions of this module
    from spikeatlas.snn.networks.spec import NetworkSpec


def pixel_statistics(
    images: npt.NDArray[np.uint8],
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """(mean, std) of pixels/255 per channel of uint8 images (n, c, h, w) or (n, F, c, h, w), from exact counts.

    A channel that never varies gets std 1, so that normalising leaves it at 0.
    """
    levels = np.arange(256) / 255
    means, deviations = [], []
    for channel in range(images.shape[-3]):
        counts = np.bincount(images[..., channel, :, :].ravel(), minlength=256)
        mean = float(counts @ levels / counts.sum())
        variance = float(counts @ (levels - mean) ** 2 / counts.sum())
        means.append(mean)
        deviations.append(math.sqrt(variance) or 1.0)
    return tuple(means), tuple(deviations)


def build_chain(spec: NetworkSpec, site: NetworkSite) -> SpikingNetwork:
    """Build the untrained network of ``spec``; torch's generator is left alone.

    Each convolution is followed by a 2x2 pool while its map is at least 2 wide, if the study does not say otherwise.
    """
    with torch.random.fork_rng(devices=[]):
        # for what neurons and normalisations may draw as they are built
        torch.manual_seed(site.seed)
        rows = list(_operators(spec, site.input_shape, site.classes))
        layers = _layers(spec, rows, site.surrogate)
        readout = spec.decoding.readout(site.classes, spec.time_steps)
    network = SpikingNetwork(
        layers,
        input_shape=site.input_shape,
        time_steps=spec.time_steps,
        coding=spec.coding,
        mean=torch.tensor(site.mean, dtype=torch.float32),
        std=torch.tensor(site.std, dtype=torch.float32),
        decoding=spec.decoding,
        readout=readout,
    )
    generator = torch.Generator().manual_seed(site.seed)
    for layer in network:
        _initialise(layer.operator, spec.neuron, generator)
    return network


class _Row(NamedTuple):
    """Everything that stands before a layer's neurons."""

    operator: nn.Conv2d | SteadyLinear
    pool: Pool
    flatten: bool
    shape: tuple[int, ...]
    """Of one image's currents."""


def _operators(spec: NetworkSpec, shape: Shape, classes: int) -> Iterator[_Row]:
    width = shape[0]
    size: tuple[int, ...] = shape[1:]
    for channels, kind in zip(spec.channels, spec.pools, strict=True):
        pool, size = pooled(kind, size)
        operator = convolution(width, channels, spec.kernel, bias=spec.bias)
        yield _Row(operator, pool, flatten=False, shape=(channels, *size))
        width = channels
    flatten, width = True, width * math.prod(size)
    for units in (*spec.hidden, spec.decoding.outputs(classes)):
        row = linear(width, units, bias=spec.bias)
        yield _Row(row, "none", flatten=flatten, shape=(units,))
        flatten, width = False, units


def _layers(
    spec: NetworkSpec, rows: Sequence[_Row], surrogate: SurrogateSpec
) -> list[SpikingLayer]:
    fields = zip(spec.layers, spec.betas, spec.thresholds, spec.norms, rows, strict=True)
    layers = []
    for name, beta, threshold, norm, row in fields:
        site = NeuronSite(name, row.shape, spec.time_steps, beta, threshold, spec.reset, surrogate)
        layers.append(
            SpikingLayer(
                name,
                row.operator,
                spec.neurons_at(site),
                pool=row.pool,
                flatten=row.flatten,
                norm=norm.build(NormSite(row.shape, spec.time_steps, row.operator)),
            )
        )
    return layers


def pooled(kind: Pool, size: tuple[int, ...]) -> tuple[Pool, tuple[int, ...]]:
    """Return the pool of a map and the size (h, w) after it; one without two rows or columns stays as it is."""
    if kind == "none" or min(size) < 2:
        return "none", size
    return kind, tuple(side // 2 for side in size)


def _initialise(
    operator: nn.Conv2d | nn.Linear, neuron: NeuronSpec, generator: torch.Generator
) -> None:
    neuron.draw_weights(operator.weight, generator)
    if operator.bias is not None:
        nn.init.zeros_(operator.bias)
