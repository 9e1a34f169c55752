"""The spiking network as torch module, without the loop over time that a responder brings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from spikeatlas.snn.coding import Coding
from spikeatlas.snn.networks.decodings import DecodingSpec, RateDecoding
from spikeatlas.snn.networks.layer import SpikingLayer, unroll
from spikeatlas.snn.registry import near

Shape = tuple[int, int, int]


class SpikingNetwork(nn.Module):
    """Spiking layers in a row, and all that is needed to show them an image as in training.

    ``stages``: the layers (ModuleList of Stage); ``mean``, ``std`` (c,): what pixels/255 are
    normalised with; ``input_shape`` (c, h, w); ``time_steps``; ``coding``. No call changes the
    module, so threads may share it.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        layers: Sequence[SpikingLayer],
        *,
        input_shape: Shape,
        time_steps: int,
        coding: Coding,
        mean: Tensor,
        std: Tensor,
        decoding: DecodingSpec | None = None,
    ) -> None:
        super().__init__()
        # the name is part of the checkpoints' format: their tensors are called stages.0.operator.weight
        self.stages = nn.ModuleList(layers)
        self.input_shape = input_shape
        self.time_steps = time_steps
        self.coding = coding
        self.decoding = decoding or RateDecoding()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def __iter__(self) -> Iterator[SpikingLayer]:
        return (cast("SpikingLayer", layer) for layer in self.stages)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the spiking layers, from the input on."""
        return tuple(layer.name for layer in self)

    @property
    def sizes(self) -> dict[str, int]:
        """Neurons of every layer."""
        return {layer.name: layer.size for layer in self}

    @property
    def classes(self) -> int:
        """Output neurons."""
        return list(self)[-1].size

    def upto(self, layers: Iterable[str]) -> list[SpikingLayer]:
        """Return the layers from the input to the deepest of ``layers``.

        ValueError for no layer or an unknown one, with the names that are near.
        """
        depths = [self._depth(name) for name in layers]
        if not depths:
            raise ValueError(f"layers is empty: name at least one of {', '.join(self.layers)}.")
        return list(self)[: max(depths) + 1]

    def _depth(self, name: str) -> int:
        if name not in self.layers:
            raise ValueError(
                f"layers names {name!r}, but the network has "
                f"{', '.join(self.layers)}{near(name, self.layers)}."
            )
        return self.layers.index(name)

    def normalise(self, images: Tensor) -> Tensor:
        """(images/255 - mean)/std as float32 (n, c, h, w), for uint8 images of that shape."""
        return (images.to(torch.float32) / 255 - self.mean[:, None, None]) / self.std[:, None, None]

    def forward(self, inputs: Tensor) -> Tensor:
        """Output spikes (T, n, classes) of encoded images (T, n, c, h, w), or (1, n, c, h, w).

        Layer by layer, each over the whole sequence, with gradients: ``unroll`` gives the same.
        """
        spikes = inputs
        for layer in self:
            spikes = layer(spikes, self.time_steps)
        return spikes

    def unroll(self, inputs: Tensor) -> Tensor:
        """Do what ``forward`` does as snnTorch's own loop: step after step, through all layers."""
        return torch.stack([row[-1] for row in unroll(list(self), inputs, self.time_steps)])

    def scores(self, spikes: Tensor) -> Tensor:
        """Scores (n, classes) of output spikes (T, n, classes), as the network's decoding reads them."""
        return self.decoding.scores(list(self)[-1].neuron.relative(spikes))
