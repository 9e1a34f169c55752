"""One layer of a student, and its fit to what was recorded of it."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from spikeatlas.snn.readings import UnitChoice
from spikeatlas.snn.readings.positions import pick
from spikeatlas.snn.students.base import graded
from spikeatlas.snn.students.patches import patches_at
from spikeatlas.snn.students.structure import LayerForm, Shape
from spikeatlas.snn.students.whitening import Whitening, descend, deviations, errors, whiten

_RATE = 0.03
_MAP_STEPS, _MAP_BATCH, _PATCHES = 100, 1024, 16384
"""Of a fit to maps: steps, units a step, and units that these are drawn from."""
_NUMBER_STEPS, _NUMBER_BATCH = 300, 64
"""Of a convolution's fit to one number a neuron: steps, and images a step."""
_UNIT_STEPS, _UNIT_BATCH, _UNIT_RATE = 300, 256, 0.01
"""The same for units that see everything, and Adam's rate."""
_START = 0.1
"""Size of the coefficients at the start."""


class StudentLayer(nn.Module):
    """Units with graded responses behind a convolution, or behind weights to all that stands before them.

    ``weight`` (units, inputs), ``bias`` (units,); ``scale`` (channels,): 1 / the root mean square of each input channel.
    """

    weight: Tensor
    bias: Tensor
    scale: Tensor

    def __init__(self, form: LayerForm, source: Shape) -> None:
        super().__init__()
        self.form, self.source = form, source
        inputs = source[0] * form.kernel**2 if form.kernel else math.prod(source)
        self.register_buffer("weight", torch.zeros(form.units, inputs))
        self.register_buffer("bias", torch.zeros(form.units))
        self.register_buffer("scale", torch.ones(source[0]))

    @property
    def window(self) -> int:
        """Side of the pool's window."""
        return 1 if self.form.pool == "none" else 2

    def drive(self, signals: Tensor) -> Tensor:
        """Drive (n, units, ...) by signals (n, ...)."""
        return self._drive(self._scaled(signals), self.weight, self.bias)

    def forward(self, signals: Tensor) -> Tensor:
        """Responses (n, units, ...) to signals (n, ...)."""
        return graded(self.drive(signals), self.form.unit)

    def _scaled(self, signals: Tensor) -> Tensor:
        return signals * self.scale.view(-1, *(1,) * (signals.dim() - 2))

    def _drive(self, inputs: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        form = self.form
        if not form.kernel:
            return _spread(functional.linear(inputs.flatten(1), weight, bias), form.target)
        kernel = weight.view(form.units, -1, form.kernel, form.kernel)
        drive = functional.conv2d(inputs, kernel, bias, form.stride, form.padding)
        if form.pool == "max":
            return functional.max_pool2d(drive, 2)
        return functional.avg_pool2d(drive, 2) if form.pool == "average" else drive

    def measure(self, signals: Tensor) -> None:
        """Measure the scale of signals (k, ...)."""
        axes = (0, *range(2, signals.dim()))
        self.scale.copy_(1 / signals.square().mean(axes).sqrt().clamp_min(1e-3))

    def fit_maps(self, signals: Tensor, maps: Tensor, random: torch.Generator) -> None:
        """Fit a convolution to the responses of all its units, maps (k, units, h, w), to signals (k, ...)."""
        cells = torch.randperm(maps[:, 0].numel(), generator=random)[:_PATCHES]
        rows, targets = self._patches(self._scaled(signals), cells), _at(maps, cells)
        self._fit_rows(rows, targets, random, steps=_MAP_STEPS, batch=_MAP_BATCH, rate=_RATE)

    def fit_units(self, signals: Tensor, numbers: Tensor, random: torch.Generator) -> None:
        """Fit units that see everything to their responses, numbers (k, units), to signals (k, ...)."""
        rows = self._scaled(signals).flatten(1)[:, None]
        self._fit_rows(rows, numbers, random, steps=_UNIT_STEPS, batch=_UNIT_BATCH, rate=_UNIT_RATE)

    def fit_numbers(
        self, signals: Tensor, numbers: Tensor, reading: UnitChoice, random: torch.Generator
    ) -> None:
        """Fit a convolution to one number (k, units) of each of its maps: the mean, or the one at a position."""
        inputs = self._scaled(signals)
        units = math.prod(self.form.target[1:])
        cells = torch.randint(units * len(inputs), (_PATCHES // 4,), generator=random)
        basis = whiten(self._patches(inputs, cells).flatten(0, 1))
        coefficients, bias = self._start(basis, random)
        deviation = deviations(numbers)

        def loss() -> Tensor:
            rows = torch.randint(len(inputs), (_NUMBER_BATCH,), generator=random)
            drive = self._drive(inputs[rows], *basis.operator(coefficients, bias))
            responses = pick(graded(drive, self.form.unit), reading)
            return errors(responses, numbers[rows], deviation)

        descend((coefficients, bias), loss, steps=_NUMBER_STEPS, rate=_RATE)
        self._keep(basis, coefficients, bias)

    def _fit_rows(
        self,
        rows: Tensor,
        targets: Tensor,
        random: torch.Generator,
        *,
        steps: int,
        batch: int,
        rate: float,
    ) -> None:
        """Fit to targets (k, units) of inputs (k, p, d), over whose p places is pooled."""
        basis = whiten(rows.flatten(0, 1))
        inputs, deviation = basis(rows), deviations(targets)
        coefficients, bias = self._start(basis, random)

        def loss() -> Tensor:
            some = torch.randint(len(inputs), (batch,), generator=random)
            drive = inputs[some] @ coefficients
            drive = (drive.amax(1) if self.form.pool == "max" else drive.mean(1)) + bias
            return errors(graded(drive, self.form.unit), targets[some], deviation)

        descend((coefficients, bias), loss, steps=steps, rate=rate)
        self._keep(basis, coefficients, bias)

    def _start(self, basis: Whitening, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw the coefficients (r, units) and the bias (units,) that a fit starts from."""
        rank = basis.basis.shape[1]
        coefficients = torch.randn((rank, self.form.units), generator=random)
        coefficients *= _START / math.sqrt(rank)
        return coefficients.requires_grad_(), torch.zeros(self.form.units, requires_grad=True)

    @torch.no_grad()
    def _keep(self, basis: Whitening, coefficients: Tensor, bias: Tensor) -> None:
        weight, shift = basis.operator(coefficients.detach(), bias.detach())
        self.weight.copy_(weight)
        self.bias.copy_(shift)

    def _patches(self, inputs: Tensor, cells: Tensor) -> Tensor:
        """Return what units see of inputs (n, c, h, w), (k, places of the pool, d); cells (k,) count units, image by image."""
        form, (_, high, wide) = self.form, self.form.target
        patches = patches_at(
            inputs,
            cells,
            size=(high, wide),
            side=form.kernel + (self.window - 1) * form.stride,
            padding=form.padding,
            step=form.stride * self.window,
        )
        return functional.unfold(patches, form.kernel, stride=form.stride).transpose(1, 2)


def _at(maps: Tensor, cells: Tensor) -> Tensor:
    """Return the units (k, units) of maps (n, units, h, w) at cells (k,), counted image by image."""
    return maps.flatten(2).transpose(1, 2).flatten(0, 1)[cells]


def _spread(drive: Tensor, target: Shape) -> Tensor:
    """Return drives (n, units) at each position of a map whose positions are not told apart."""
    return drive.view(len(drive), -1, *(1,) * (len(target) - 1)).expand(-1, *target)
