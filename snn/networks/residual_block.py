"""A residual block of spiking neurons: two convolutions, each normalised by its batch, and a shortcut past both."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spikeatlas.snn.networks.layer import convolution
from spikeatlas.snn.neurons import SpikingNeuron

# Fewer channels laid out last crash torch 2.14 on processors without AVX-512: the weights' gradient of a strided
# 1x1 convolution writes past its buffer (2 to 5 channels, one thread, ONEDNN_MAX_CPU_ISA=AVX2).
_LAST_FROM = 8


class ResidualBlock(nn.Module):
    """Two spiking layers, sn1 and sn2 (He et al. 2016, arXiv 1512.03385, figure 2, neurons for rectifiers).

    The input is added to the currents of sn2; where the shape changes, through a 1x1 convolution and batch norm.
    Modules are named as in torchvision's BasicBlock, with sn1 and sn2 for relu.
    """

    conv1: nn.Conv2d
    bn1: nn.BatchNorm2d
    sn1: SpikingNeuron
    conv2: nn.Conv2d
    bn2: nn.BatchNorm2d
    sn2: SpikingNeuron
    downsample: nn.Sequential | None

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        stride: int,
        neurons: tuple[SpikingNeuron, SpikingNeuron],
    ) -> None:
        """``inputs`` and ``outputs``: channels; ``stride``: of the first convolution and the shortcut."""
        super().__init__()
        self.conv1 = convolution(inputs, outputs, 3, stride=stride, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.sn1 = neurons[0]
        self.conv2 = convolution(outputs, outputs, 3, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.sn2 = neurons[1]
        self.downsample = None
        if stride != 1 or inputs != outputs:
            shortcut = convolution(inputs, outputs, 1, stride=stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(outputs))

    def first(self, signal: Tensor) -> Tensor:
        """Currents (T, n, ...) of sn1 from the block's input (T, n, ...)."""
        return normalised_currents(self.conv1, self.bn1, signal)

    def second(self, signal: Tensor, spikes: Tensor) -> Tensor:
        """Currents (T, n, ...) of sn2 from the block's input and the spikes of sn1."""
        return normalised_currents(self.conv2, self.bn2, spikes) + self._shortcut(signal)

    def _shortcut(self, signal: Tensor) -> Tensor:
        if self.downsample is None:
            return signal
        operator, norm = self.downsample
        assert isinstance(operator, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        return normalised_currents(operator, norm, signal)


def normalised_currents(operator: nn.Conv2d, norm: nn.BatchNorm2d, signal: Tensor) -> Tensor:
    """Currents (T, n, ...) of a signal (T, n, ...), all its steps one batch of the convolution and of the norm.

    So training takes a channel's statistics over time, images and positions, as SpikingJelly's multi-step norm. A
    constant signal (1, n, ...) has the same mean and variance at one step as at all. ValueError in training for a
    channel with one value, which has no variance.
    """
    frames = signal.flatten(0, 1)
    if norm.training and frames.shape[1] >= _LAST_FROM:
        # few channels are learnt faster so; evaluation keeps the order in which other libraries add up
        frames = frames.contiguous(memory_format=torch.channels_last)
    currents: Tensor = operator(frames)
    if norm.training and currents.numel() == currents.shape[1]:
        raise ValueError(
            "batch norm cannot learn from one image of 1x1 maps at one time step: choose a training.batch_size "
            "that leaves no image alone, or more time steps"
        )
    normalised: Tensor = norm(currents)
    return torch.unflatten(normalised, 0, signal.shape[:2])
