"""The contract of students: what they learn from, and what they answer, with gradients."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from spikeatlas.snn.layer_info import Unit


@dataclass(frozen=True, eq=False)
class Recording:
    """All that was recorded of k images."""

    images: Tensor
    """(k, c, h, w) uint8."""
    targets: Tensor
    """(k, n): responses of the neurons that are searched; NaN where not measured."""
    numbers: Mapping[str, Tensor]
    """(k, neurons) of each layer that was recorded: one number a neuron."""
    maps: Mapping[str, Tensor]
    """(m, neurons, ...) of the first m images: the responses of all units of each layer; of none where a subject tells no more
    than numbers."""


class Answers(NamedTuple):
    """Answers to n stimuli, each for one neuron."""

    responses: Tensor
    """(n,), in the unit of the neuron's layer."""
    drives: Tensor
    """(n,): what rises where a response has reached an end, or has not left it."""


class StudentModel(nn.Module, ABC):
    """A model of a subject's responses. Its neurons are numbered as ``Recording.targets``."""

    mean: Tensor
    """(c,) of the pixels, 0 to 1, that it was fitted to."""
    deviation: Tensor
    """(c,)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("deviation", torch.ones(channels))

    @abstractmethod
    def fit(self, recording: Recording, random: torch.Generator) -> None:
        """Learn all weights anew."""

    @abstractmethod
    def answers(self, stimuli: Tensor, neurons: Tensor) -> Answers:
        """Answer stimuli (n, c, h, w), 0..255, each for its neuron (n,)."""

    def standardise(self, stimuli: Tensor) -> Tensor:
        """Bring stimuli (n, c, h, w), 0..255, to a mean of 0 and a deviation of 1 in each channel."""
        return (stimuli / 255 - self.mean[:, None, None]) / self.deviation[:, None, None]

    def measure_pixels(self, images: Tensor) -> None:
        """Measure the mean and the deviation of images (k, c, h, w) uint8."""
        pixels = images.float().div(255).transpose(0, 1).flatten(1)
        self.mean.copy_(pixels.mean(1))
        self.deviation.copy_(pixels.std(1).clamp_min(1 / 255))


_SHARPNESS = 4.0
"""Of the rounded ends of responses: the slope falls by e within a quarter of the ramp's length."""


def graded(drive: Tensor, unit: Unit) -> Tensor:
    """Return responses to drives: a ramp from the unit's bottom to its top, with rounded ends, so that none is quite flat."""
    response = drive
    if unit.bottom is not None:
        response = unit.bottom + rounded(drive - unit.bottom)
    if unit.top is not None:
        response = response - rounded(drive - unit.top)
    return response


def rounded(values: Tensor) -> Tensor:
    """Return values, those below 0 as 0, with a rounded corner."""
    return nn.functional.softplus(values, beta=_SHARPNESS)
