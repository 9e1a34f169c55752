"""A student of neurons of which no more is known than a number each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from spikeatlas.snn.layer_info import Unit
from spikeatlas.snn.students.base import Answers, Recording, StudentModel, rounded
from spikeatlas.snn.students.patches import patches_at
from spikeatlas.snn.students.structure import Shape
from spikeatlas.snn.students.whitening import descend, deviations, errors, whiten

_BATCH, _PATCHES = 64, 4096
_SMALL = 8
"""Side of images up to which the first kernel is 3x3, else 5x5."""
_READOUT = 0.1
"""Size of the weights of the readout at the start: drives stay between the ends of the ramp."""


class Widths(NamedTuple):
    """Sizes of a generic student, and of its fit."""

    first: int
    """Features of the first convolution."""
    second: int
    dense: int
    """Features that see everything."""
    steps: int
    rate: float


MANY = Widths(48, 64, 128, 300, 0.01)
"""Of many neurons that share their images."""
ONE = Widths(8, 16, 16, 100, 0.02)
"""Of one that knows its own alone."""


class GenericStudent(StudentModel):
    """Two convolutions and a dense layer; each neuron reads the mean of every feature's map, and the dense features."""

    def __init__(
        self,
        image_shape: Shape,
        targets: Sequence[Unit],
        layers: Mapping[str, Unit],
        widths: Widths = MANY,
    ) -> None:
        """``targets``: units of the neurons that are searched; ``layers``: of those of each layer that may be recorded."""
        super().__init__(image_shape[0])
        self._shape, self._targets, self._layers, self._widths = (
            image_shape,
            targets,
            layers,
            widths,
        )
        self._kernel = 5 if min(image_shape[1:]) > _SMALL else 3
        self._weights: dict[str, Tensor] = {}

    def fit(self, recording: Recording, random: torch.Generator) -> None:
        """See ``StudentModel``: all weights at once, to the neurons that are searched and to all others that were recorded."""
        self.measure_pixels(recording.images)
        signals = self.standardise(recording.images)
        numbers = torch.cat([recording.targets, *recording.numbers.values()], 1)
        units = list(self._targets)
        for name, columns in recording.numbers.items():
            units += [self._layers[name]] * columns.shape[1]
        self._bottoms, self._tops = _ends(units)
        self._draw(signals, len(units), random)
        deviation = deviations(numbers)
        varied = deviation > 0
        if not varied.any():
            varied[:] = True

        def loss() -> Tensor:
            rows = torch.randint(len(signals), (_BATCH,), generator=random)
            responses = self._responses(self._drives(signals[rows]))
            # of a neuron that answered all alike there is nothing to learn, and its errors would count most
            return errors(responses[:, varied], numbers[rows][:, varied], deviation[varied])

        descend(self._weights.values(), loss, steps=self._widths.steps, rate=self._widths.rate)
        self._weights = {name: weight.detach() for name, weight in self._weights.items()}

    def answers(self, stimuli: Tensor, neurons: Tensor) -> Answers:
        """See ``StudentModel``."""
        drives = self._drives(self.standardise(stimuli))
        rows = torch.arange(len(stimuli))
        return Answers(self._responses(drives)[rows, neurons], drives[rows, neurons])

    def _draw(self, signals: Tensor, neurons: int, random: torch.Generator) -> None:
        """Draw weights for so many neurons, and find the basis of what the first convolution sees of signals (k, c, h, w)."""
        self._basis = whiten(self._patches(signals, random))
        first, second, dense = self._widths[:3]
        positions = math.prod(max(side // 4, 1) for side in self._shape[1:])
        inputs = {
            "first": self._basis.basis.shape[1],
            "second": 9 * first,
            "dense": second * positions,
        }
        outputs = {"first": first, "second": second, "dense": dense}
        weights = {
            name: torch.randn((outputs[name], inputs[name]), generator=random)
            / math.sqrt(inputs[name])
            for name in inputs
        }
        for name, features in outputs.items():
            size = _READOUT / math.sqrt(features)
            weights[f"read {name}"] = size * torch.randn((neurons, features), generator=random)
            weights[f"shift {name}"] = torch.zeros(features)
        weights["shift"] = torch.zeros(neurons)
        self._weights = {name: weight.requires_grad_() for name, weight in weights.items()}

    def _patches(self, signals: Tensor, random: torch.Generator) -> Tensor:
        """Return some of what the first convolution sees, (k, d)."""
        side, size = self._kernel, (signals.shape[2], signals.shape[3])
        cells = torch.randint(len(signals) * math.prod(size), (_PATCHES,), generator=random)
        return patches_at(signals, cells, size=size, side=side, padding=side // 2).flatten(1)

    def _drives(self, signals: Tensor) -> Tensor:
        """Drives (n, neurons) by signals (n, c, h, w)."""
        weights = self._weights
        kernel, shift = self._basis.operator(weights["first"].T, weights["shift first"])
        kernel = kernel.view(len(kernel), -1, self._kernel, self._kernel)
        first = _pooled(functional.conv2d(signals, kernel, shift, padding=self._kernel // 2))
        kernel = weights["second"].view(len(weights["second"]), -1, 3, 3)
        second = _pooled(functional.conv2d(first, kernel, weights["shift second"], padding=1))
        dense = rounded(
            functional.linear(second.flatten(1), weights["dense"], weights["shift dense"])
        )
        features = {"first": first.mean((2, 3)), "second": second.mean((2, 3)), "dense": dense}
        parts = [values @ weights[f"read {name}"].T for name, values in features.items()]
        return torch.stack(parts).sum(0) + weights["shift"]

    def _responses(self, drives: Tensor) -> Tensor:
        """Bring drives (n, neurons) between the ends of each neuron's unit, as ``graded`` does."""
        low, high = self._bottoms.isfinite(), self._tops.isfinite()
        bottoms, tops = self._bottoms.nan_to_num(0, 0, 0), self._tops.nan_to_num(0, 0, 0)
        responses = torch.where(low, bottoms + rounded(drives - bottoms), drives)
        return responses - torch.where(high, rounded(drives - tops), 0)


def _ends(units: Sequence[Unit]) -> tuple[Tensor, Tensor]:
    """Return bottoms and tops (n,) of units, infinite where there is none."""
    bottoms = [-math.inf if unit.bottom is None else unit.bottom for unit in units]
    tops = [math.inf if unit.top is None else unit.top for unit in units]
    return torch.tensor(bottoms), torch.tensor(tops)


def _pooled(drives: Tensor) -> Tensor:
    """Return the largest of 2x2 features, or of as many as there are."""
    sides = [min(2, side) for side in drives.shape[2:]]
    return rounded(functional.max_pool2d(drives, sides))
