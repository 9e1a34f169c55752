"""The spiking network as torch module, without the loop over time that a responder brings."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from spikeatlas.snn.networks.layer import Stage
from spikeatlas.snn.networks.spec import Coding

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
        stages: Sequence[Stage],
        *,
        input_shape: Shape,
        time_steps: int,
        coding: Coding,
        mean: Tensor,
        std: Tensor,
    ) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.input_shape = input_shape
        self.time_steps = time_steps
        self.coding = coding
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def __iter__(self) -> Iterator[Stage]:
        return (cast("Stage", stage) for stage in self.stages)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the spiking layers, from the input on."""
        return tuple(stage.name for stage in self)

    @property
    def sizes(self) -> dict[str, int]:
        """Neurons of every layer."""
        return {stage.name: stage.size for stage in self}

    @property
    def classes(self) -> int:
        """Output neurons."""
        return list(self)[-1].size

    def upto(self, layers: Iterable[str]) -> list[Stage]:
        """Return the stages from the input to the deepest of ``layers``.

        ValueError for no layer or an unknown one, with the names that are near.
        """
        depths = [self._depth(name) for name in layers]
        if not depths:
            raise ValueError(f"layers is empty: name at least one of {', '.join(self.layers)}.")
        return list(self)[: max(depths) + 1]

    def _depth(self, name: str) -> int:
        if name not in self.layers:
            near = difflib.get_close_matches(name, self.layers)
            hint = f"; did you mean {' or '.join(near)}?" if near else "."
            raise ValueError(
                f"layers names {name!r}, but the network has {', '.join(self.layers)}{hint}"
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
        for stage in self:
            spikes = stage(spikes, self.time_steps)
        return spikes

    def unroll(self, inputs: Tensor) -> Tensor:
        """Do what ``forward`` does as snnTorch's own loop: step after step, through all layers."""
        stages = list(self)
        neurons = [stage.neuron.private() for stage in stages]
        membranes: list[Tensor | None] = [None] * len(stages)
        output = []
        for step in range(self.time_steps):
            spikes = inputs[step if len(inputs) > 1 else 0]
            for place, stage in enumerate(stages):
                spikes, membranes[place] = neurons[place](stage.currents(spikes), membranes[place])
            output.append(spikes)
        return torch.stack(output)
