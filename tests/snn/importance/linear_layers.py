"""A network whose attributions, and whose most harmful images, are known in closed form."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spikeatlas.snn.networks import LayerOutputs, TrainableNetwork

SHAPE = (1, 3, 4)


class TwoLinearLayers(TrainableNetwork):
    """Numbers h = W x over two steps, scores V h."""

    def __init__(self) -> None:
        blank = torch.zeros(1)
        super().__init__(
            input_shape=SHAPE, time_steps=2, coding="current", mean=blank, std=blank + 1
        )
        draw = torch.Generator().manual_seed(0)
        self.inner = nn.Parameter(torch.randn(5, 12, generator=draw, dtype=torch.float64))
        self.outer = nn.Parameter(torch.randn(3, 5, generator=draw, dtype=torch.float64))

    @property
    def classes(self) -> int:
        return 3

    def layer_outputs(self, inputs: Tensor) -> LayerOutputs:
        rows = (inputs.flatten(2).double() @ self.inner.T).expand(2, -1, -1)
        return LayerOutputs({"inner": rows}, rows @ self.outer.T)

    def input_weights(self) -> dict[str, Tensor]:
        return {"inner": self.inner}

    def forward(self, inputs: Tensor) -> Tensor:
        return self.layer_outputs(inputs).outputs

    def unroll(self, inputs: Tensor) -> Tensor:
        return self.forward(inputs)

    def scores(self, outputs: Tensor) -> Tensor:
        return outputs.mean(0)
