"""Leaky neurons whose weighted spike counts represent numbers, trained by the gradient between these."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.neurons.base import NeuronSite, NeuronSpec
from spikeatlas.snn.neurons.spike_representation import (
    Charging,
    RepresentingNeuron,
    require_own_threshold,
)
from spikeatlas.snn.neurons.surrogates import SurrogateSpec
from spikeatlas.snn.registry import SPEC

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class DsrLifNeuron(RepresentingNeuron):
    """u = leak u + (1 - leak) I, leak = exp(-dt / tau); s = [u >= alpha V]; u = u - s V; the output is s V / dt.

    Its mean with weights proportional to exp(-(T - t) dt / tau) represents clip(r / tau, 0, V / dt) of the currents'
    weighted mean r, up to rounding and a share of r of order dt / tau, for 1 - leak is not dt / tau (Meng et al. 2022,
    arXiv 2205.00459).
    """

    floor = 0.0005
    closed = False
    tau: Tensor
    dt: Tensor

    def __init__(
        self, *, tau: float, dt: float, threshold: float, alpha: float, surrogate: SurrogateSpec
    ) -> None:
        leak = math.exp(-dt / tau)
        charging = Charging(leak=leak, gain=1 - leak, tau=tau, dt=dt)
        super().__init__(charging, threshold=threshold, alpha=alpha, surrogate=surrogate)
        for name, value in (("tau", tau), ("dt", dt)):
            self.register_buffer(name, torch.tensor(value, dtype=torch.float32))


@dataclass(frozen=True, config=SPEC)
class DsrLifSpec(NeuronSpec):
    """Leaky neurons with the gradient between weighted rates and a trained threshold a layer.

    Differentiation on spike representation (Meng et al. 2022, arXiv 2205.00459): see ``spike_representation``. Spikes
    are V / dt high. ``network.beta`` and ``reset`` have no part in it, ``training.surrogate`` none in training. What
    stands between two layers is to treat all steps alike and to be linear: a maximum pool is not. The output is read
    by ``decoding: membrane`` with ``leak`` exp(-dt / tau), which represents the last currents' weighted mean, of either
    sign; of output spikes (``weighted-rate``, with the same ``tau`` and ``dt``), a class that never fires has no gradient.
    """

    kind: Literal["dsr-lif"] = "dsr-lif"
    threshold: Annotated[float, Field(ge=DsrLifNeuron.floor, allow_inf_nan=False)] = 0.3
    """Threshold V of every layer before training (>= 0.0005)."""
    alpha: Annotated[float, Field(gt=0, le=1)] = 0.3
    """Share of V at which a neuron fires (above 0 to 1)."""
    tau: Positive = 1.0
    """Time constant of the membrane (> 0), in the unit of ``dt``."""
    dt: Positive = 0.05
    """Length of a time step (> 0)."""
    whole_gradient: ClassVar[bool] = True
    represents: ClassVar[bool] = True

    @property
    def representation_leak(self) -> float:
        """See ``NeuronSpec``: exp(-dt / tau)."""
        return math.exp(-self.dt / self.tau)

    def problems(self, time_steps: int) -> list[str]:
        """See ``NeuronSpec``: in float32 a membrane keeps some of itself, and gets some of its input."""
        del time_steps
        leak = self.representation_leak
        if 0 < np.float32(leak) < 1:
            return []
        problem = (
            f"tau is {self.tau:g} and dt {self.dt:g}, so that a membrane keeps exp(-dt / tau) = {leak:g} of itself in "
            "a step; let dt / tau be 1e-7 to 80"
        )
        return [problem]

    def build(self, site: NeuronSite) -> DsrLifNeuron:
        """Make the neurons of one layer. ValueError where ``network.threshold`` is set."""
        require_own_threshold(site, self.kind)
        return DsrLifNeuron(
            tau=self.tau,
            dt=self.dt,
            threshold=self.threshold,
            alpha=self.alpha,
            surrogate=site.surrogate,
        )
