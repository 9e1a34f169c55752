"""Demon pruning: units are made to die while a network learns, and cut out."""

from __future__ import annotations

from functools import partial
from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.data import take_evenly
from spikeatlas.snn.networks import Architecture, SpikingLayer, SpikingNetwork
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.surgery import cut_problems, keep_units, unit_peaks, unit_tensors
from spikeatlas.snn.training.callbacks.acting import ActingCallback, Intervention, TrainingSite
from spikeatlas.snn.training.callbacks.one_cycle import one_cycle

_NOISE = 2**33
"""Keeps the noise's random numbers apart from all others of a seed."""
_LIVE = 1e-8
"""Gradient of a weight from which on its unit counts as live."""


@dataclass(frozen=True, config=SPEC)
class Demp(ActingCallback):
    """Demon pruning (Dufort-Labbe et al. 2024): a penalty that rises and falls, noise on live units, and surgery.

    The loss gets lambda_t / 2 sum p^2, over the scales of the hidden layers' normalisations, over their weights where a
    layer has none; after each step, sigma_t N(0, 1) is added to the parameters of units that the step's gradient
    reaches; lambda_t and sigma_t go along one cycle (``one_cycle``). Every so many steps, and at the end, units that
    are silent on a stretch of the training set are cut out; a layer keeps one at least.
    """

    kind: Literal["demp"] = "demp"
    penalty: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.1
    """Peak of lambda_t (>= 0)."""
    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    """Peak of sigma_t (>= 0)."""
    every: Annotated[int, Field(ge=1)] = 1000
    """Steps between two surgeries (>= 1)."""
    images: Annotated[int, Field(ge=1)] = 2000
    """Training images, as many of each class, on which a unit that dies is silent (>= 1; fewer where there are no more)."""
    strengths: ClassVar[tuple[str, ...]] = ("penalty", "noise")

    def problems(self, network: Architecture) -> list[str]:
        """See ``ActingCallback``."""
        return cut_problems(network)

    def begin(self, site: TrainingSite) -> Dying:
        """Make ready to act."""
        return Dying(self, site)


class Dying(Intervention):
    """Demon pruning at work on one network."""

    def __init__(self, spec: Demp, site: TrainingSite) -> None:
        assert isinstance(site.network, SpikingNetwork)
        self._spec, self._site, self._network = spec, site, site.network
        self._hidden = list(site.network)[:-1]
        self._images = take_evenly(site.train, spec.images).images
        self._pulls: dict[nn.Parameter, Tensor] = {}
        """Gradients of the last penalty alone."""

    def penalty(self, step: int) -> Tensor | None:
        """See ``Intervention``."""
        if self._spec.penalty == 0:
            return None
        strength = self._spec.penalty * self._cycle(step)
        self._pulls.clear()
        parameters = [row for layer in self._hidden for row in penalised(layer)]
        squares = torch.stack([self._watched(row).square().sum() for row in parameters])
        return 0.5 * strength * squares.sum()

    def _watched(self, parameter: nn.Parameter) -> Tensor:
        """Return a parameter as it is, of which the gradient that comes this way is kept."""
        view = parameter.view_as(parameter)
        if view.requires_grad:
            view.register_hook(partial(self._pulls.__setitem__, parameter))
        return view

    def after_step(self, step: int) -> None:
        """See ``Intervention``."""
        if self._spec.noise > 0:
            self._disturb(step)
        if step % self._spec.every == 0 or step == self._site.steps:
            self._cut(step)

    def _cycle(self, step: int) -> float:
        return one_cycle(step / self._site.steps)

    @torch.no_grad()
    def _disturb(self, step: int) -> None:
        """Add noise to the parameters of units that the last gradient reached."""
        deviation = self._spec.noise * self._cycle(step)
        generator = np.random.default_rng([self._site.seed, _NOISE, step])
        for layer in self._hidden:
            weight = layer.operator.weight
            assert isinstance(weight, nn.Parameter)
            if weight.grad is None:
                continue
            # the penalty pulls at dead units too
            slope = weight.grad - self._pulls.get(weight, torch.zeros(()))
            live = (slope.abs().flatten(1) >= _LIVE).any(1)
            for part in unit_tensors(self._network, layer.name)[:-1]:
                if not isinstance(part.tensor, nn.Parameter):
                    continue
                normal = generator.standard_normal(part.tensor.shape, np.float32)
                shape = [-1 if axis == part.axis else 1 for axis in range(part.tensor.dim())]
                draws = torch.from_numpy(normal).to(slope.device)
                part.tensor.add_(deviation * draws * live.view(shape))

    def _cut(self, step: int) -> None:
        """Cut out what is silent."""
        key = CodingKey(self._site.seed, checkpoint="", purpose="demp", presentation=step)
        peaks = unit_peaks(self._network, self._images, key)
        live = {name: values.nonzero()[:, 0].tolist() for name, values in peaks.items()}
        smaller = {
            name: places or [0] for name, places in live.items() if len(places) < len(peaks[name])
        }
        keep_units(self._network, smaller, self._site.teacher.select)


def penalised(layer: SpikingLayer) -> list[nn.Parameter]:
    """Return the scales of a layer's normalisation, its weights where there are none."""
    scales = [] if layer.norm is None else layer.norm.scales()
    weight = layer.operator.weight
    assert isinstance(weight, nn.Parameter)
    return scales or [weight]
