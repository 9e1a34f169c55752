"""Networks of others, as factories for ``network: {kind: module, factory: ...}``."""

from __future__ import annotations

from collections.abc import Sequence

import snntorch
import torch
from snntorch import surrogate
from torch import Tensor, nn


class MangoNetwork(nn.Module):
    """The snnTorch network for CIFAR-10 of the authors of MANGO, as they trained it, with the loop over time inside.

    conv 5x5, pool 3x3 of stride 2 and padding 1, LIF; conv 5x5, pool 2x2, LIF; fc 100, LIF; fc classes, ReLU, LIF.
    The convolutions have no padding (1,600 inputs of the first linear layer at 32x32). Pools stand before the
    neurons, as does the last ReLU: the output neurons never get a negative current. All neurons: beta 0.9,
    threshold 1, reset by subtraction one step later, surrogate fast sigmoid of slope 10. That the first pool is
    another than the second is how the published model runs: its definition names one pool twice.
    """

    def __init__(
        self,
        *,
        time_steps: int,
        classes: int,
        input_shape: tuple[int, int, int],
        channels: tuple[int, int],
        hidden: int,
        beta: float,
        slope: float,
    ) -> None:
        super().__init__()
        first, second = channels
        # 28 of 32, 14 pooled with padding, 10, 5
        height, width = (((side - 4 + 1) // 2 - 4) // 2 for side in input_shape[1:])
        self.time_steps = time_steps
        self.conv1 = nn.Conv2d(input_shape[0], first, 5)
        self.conv2 = nn.Conv2d(first, second, 5)
        self.fc1 = nn.Linear(second * height * width, hidden)
        self.fc2 = nn.Linear(hidden, classes)
        self.pool1 = nn.MaxPool2d(3, stride=2, padding=1)
        self.pool2 = nn.MaxPool2d(2)
        self.lif1, self.lif2, self.lif3, self.lif4 = (
            snntorch.Leaky(beta=beta, spike_grad=surrogate.fast_sigmoid(slope=slope))
            for _ in range(4)
        )

    def forward(self, images: Tensor) -> Tensor:
        """Spikes (T, n, classes) of images (n, c, h, w), each shown as a constant current."""
        membranes = [lif.reset_mem() for lif in (self.lif1, self.lif2, self.lif3, self.lif4)]
        record = []
        for _ in range(self.time_steps):
            spikes, membranes[0] = self.lif1(self.pool1(self.conv1(images)), membranes[0])
            spikes, membranes[1] = self.lif2(self.pool2(self.conv2(spikes)), membranes[1])
            spikes, membranes[2] = self.lif3(self.fc1(spikes.flatten(1)), membranes[2])
            spikes, membranes[3] = self.lif4(torch.relu(self.fc2(spikes)), membranes[3])
            record.append(spikes)
        return torch.stack(record)


def mango_snn(
    time_steps: int = 128,
    classes: int = 10,
    input_shape: Sequence[int] = (3, 32, 32),
    channels: Sequence[int] = (200, 64),
    hidden: int = 100,
    beta: float = 0.9,
    slope: float = 10.0,
) -> MangoNetwork:
    """Return MANGO's snnTorch network for CIFAR-10, its weights drawn by torch's defaults.

    As trained there: 128, 64 or 50 steps, images (3, 32, 32), 200 and 64 channels, 100 hidden units, beta 0.9,
    slope 10 (about 71 % of the test images at 50 and 64 steps). A study names it as
    ``factory: spikeatlas.snn.modules.factories:mango_snn`` with ``options: {time_steps: 50}``.
    """
    c, h, w = input_shape
    first, second = channels
    return MangoNetwork(
        time_steps=time_steps,
        classes=classes,
        input_shape=(c, h, w),
        channels=(first, second),
        hidden=hidden,
        beta=beta,
        slope=slope,
    )
