"""Currents of a first layer under constant input: the operator runs once, not once a time step."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.networks import SpikingLayer, SpikingNetwork
from spikeatlas.snn.responder.shapes import LayerShape
from spikeatlas.snn.responder.sites import Site
from spikeatlas.snn.responder.ways.base import Batches, Images

Maps = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True, eq=False)
class Currents:
    """Runs the first operator over a batch, in chunks where that gives the same bits.

    Torch may round otherwise in a batch of another size or memory layout. Whether it does for this
    operator and these sizes is tried out once; if so, the padded batch is computed whole, as the
    plain loop does it.
    """

    network: SpikingNetwork
    layer: SpikingLayer
    shape: LayerShape
    neurons: tuple[int, ...]
    """Filters to compute, all or some."""
    batch_size: int
    chunk: int
    """Images in one chunk."""
    roomy: bool
    """True if the currents of a whole batch may be in memory at once."""

    @classmethod
    def of(
        cls, site: Site, neurons: tuple[int, ...], batches: Batches, image_bytes: int
    ) -> Currents:
        """Those of some neurons of a first layer, which takes ``image_bytes`` of memory an image."""
        roomy = batches.batch_size * image_bytes <= site.memory // 2
        sizes = (neurons, batches.batch_size, batches.chunk, roomy)
        return cls(batches.network, site.layer, site.shape, *sizes)

    def chunks(self, batch: Images, count: int) -> Iterator[Maps]:
        """Currents before the pool (n, h, w, filters) of the first ``count`` images of a batch.

        After it, where it averages.
        """
        if self._chunked:
            pool = self.layer.pool if self.averages else None
            for images, real in padded_batches(batch[:count], self.chunk):
                inputs = self._inputs(images)
                yield channels_last(inputs, self._weights, self._options, pool)[:real]
            return
        currents = self._whole(self._inputs(batch))
        for start in range(0, count, self.chunk):
            part = currents[start : min(start + self.chunk, count)]
            yield part.permute(0, 2, 3, 1).contiguous().numpy()

    @property
    def averages(self) -> bool:
        """True if the layer's pool averages, which the compiled loops leave to torch here."""
        return isinstance(self.layer.pool, nn.AvgPool2d)

    def _inputs(self, images: Images) -> Tensor:
        return self.network.normalise(torch.from_numpy(images))

    @torch.no_grad()
    def _whole(self, inputs: Tensor) -> Tensor:
        """Currents (n, filters, h, w) as the plain loop computes them."""
        currents = self.layer.operator(inputs.flatten(1) if self.layer.flatten else inputs)
        if self.averages and self.layer.pool is not None:
            currents = self.layer.pool(currents)
        size = (self.shape.height.positions, self.shape.width.positions)
        return currents.reshape(*currents.shape[:2], *size)[:, list(self.neurons)]

    @functools.cached_property
    def _weights(self) -> tuple[Tensor, Tensor | None]:
        weight, bias = self.layer.operator.weight.detach(), self.layer.operator.bias
        rows = weight[list(self.neurons)].contiguous(memory_format=torch.channels_last)
        return rows, None if bias is None else bias.detach()[list(self.neurons)]

    @property
    def _options(self) -> dict[str, Any]:
        operator = self.layer.operator
        return {
            name: getattr(operator, name) for name in ("stride", "padding", "dilation", "groups")
        }

    @functools.cached_property
    def _chunked(self) -> bool:
        """True where chunks are exact, or inexact anyway, or the whole batch has no room."""
        operator = self.layer.operator
        if not isinstance(operator, nn.Conv2d) or operator.padding_mode != "zeros":
            return False
        if operator.groups > 1:
            return False
        some = len(self.neurons) < self.shape.filters
        if some or not self.roomy:
            return True
        size = (self.shape.height.inputs, self.shape.width.inputs)
        return chunks_agree(
            tuple(operator.weight.shape),
            size,
            tuple(self._options.items()),
            self.batch_size,
            self.chunk,
        )


@torch.no_grad()
def channels_last(
    inputs: Tensor,
    weights: tuple[Tensor, Tensor | None],
    options: dict[str, Any],
    pool: nn.Module | None = None,
) -> Maps:
    """Convolve inputs (n, c, h, w), and pool them; the maps (n, h, w, filters) are contiguous."""
    laid_out = inputs.contiguous(memory_format=torch.channels_last)
    currents = conv2d(laid_out, *weights, **options)
    if pool is not None:
        currents = pool(currents)
    maps: Maps = currents.permute(0, 2, 3, 1).contiguous().numpy()
    return maps


@functools.lru_cache(maxsize=64)
def chunks_agree(
    weight: tuple[int, ...],
    size: tuple[int, int],
    options: tuple[tuple[str, Any], ...],
    batch_size: int,
    chunk: int,
) -> bool:
    """Try if a convolution of random images gives the same bits whole and in chunks, channels last."""
    chunk = min(batch_size, chunk)
    generator = torch.Generator().manual_seed(0)
    kernel = torch.randn(weight, generator=generator)
    bias = torch.randn(weight[0], generator=generator)
    images = torch.randn((batch_size, weight[1], *size), generator=generator)
    whole = conv2d(images, kernel, bias, **dict(options)).permute(0, 2, 3, 1).numpy()
    laid_out = kernel.contiguous(memory_format=torch.channels_last)
    for start in range(0, batch_size, chunk):
        part = images[start : start + chunk]
        padded = torch.cat([part, part[-1:].expand(chunk - len(part), *part.shape[1:])])
        maps = channels_last(padded, (laid_out, bias), dict(options))[: len(part)]
        if not np.array_equal(maps, whole[start : start + chunk]):
            return False
    return True
