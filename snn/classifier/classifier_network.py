"""The classifier's network: convolutions whose channels double where their maps halve."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from spikeatlas.snn.networks.layer import SteadyLinear

Shape = tuple[int, int, int]
Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.integer[Any]]

# each level has twice the channels of the one before, on half the size if that one's is larger
_LEVELS, _SMALLEST_MAP = 4, 4


class ClassifierNetwork(nn.Module):
    """Pixels (n, c, size, size) in [0, 1] to class scores (n, classes)."""

    def __init__(self, channels: int, classes: int, width: int) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(_LEVELS)]
        pairs = itertools.pairwise([channels, *widths])
        self.stages = nn.ModuleList(_Convolution(before, after) for before, after in pairs)
        self.last = _Convolution(widths[-1], widths[-1])
        self.scores = SteadyLinear(widths[-1], classes)

    def features(self, pixels: Tensor) -> Tensor:
        """Features (n, 8 width), >= 0: means of the last maps."""
        maps = self.stages[0](pixels)
        for level in self.stages[1:]:
            maps = level(_halve(maps))
        maps = maps + self.last(maps)
        means: Tensor = maps.mean(dim=(2, 3))
        return means

    def forward(self, pixels: Tensor) -> Tensor:
        """Scores before calibration (n, classes)."""
        scores: Tensor = self.scores(self.features(pixels))
        return scores


class _Convolution(nn.Module):
    """A 3x3 convolution, normalised and rectified; the size stays."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(before, after, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(after)

    def forward(self, maps: Tensor) -> Tensor:
        return functional.relu(self.norm(self.convolution(maps)))


def _halve(maps: Tensor) -> Tensor:
    return functional.max_pool2d(maps, 2) if maps.shape[-1] > _SMALLEST_MAP else maps


def allocate_classifier(channels: int, classes: int, width: int) -> ClassifierNetwork:
    """Make a network with undefined weights; torch's global generator is not touched."""
    with torch.device("meta"):
        network = ClassifierNetwork(channels, classes, width)
    return network.to_empty(device="cpu").to(memory_format=torch.channels_last)


def draw_classifier_weights(network: ClassifierNetwork, random: torch.Generator) -> None:
    """Draw Kaiming's weights of the convolutions and Xavier's of the scores from ``random`` alone."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=random)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()
    nn.init.zeros_(network.scores.bias)
    nn.init.xavier_uniform_(network.scores.weight, generator=random)


def classifier_pixels(images: Images) -> Tensor:
    """Return float32 pixels in [0, 1]; channels last, which convolutions take faster."""
    pixels = torch.from_numpy(np.array(images)).float() / 255
    return pixels.contiguous(memory_format=torch.channels_last)
