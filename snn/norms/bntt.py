"""Batch normalisation through time: each time step has statistics and scales of its own."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from spikeatlas.snn.norms.base import NormSite, NormSpec
from spikeatlas.snn.norms.running import RunningNorm
from spikeatlas.snn.registry import SPEC


class StepBatchNorm(RunningNorm):
    """A batch normalisation for each time step, without shift."""

    timed = True
    eps = 1e-4

    def __init__(self, time_steps: int, channels: int, exit_below: float | None = None) -> None:
        super().__init__()
        self.exit_below = exit_below
        self.gamma = nn.Parameter(torch.ones(time_steps, channels))
        self.register_buffer("running_mean", torch.zeros(time_steps, channels))
        self.register_buffer("running_var", torch.ones(time_steps, channels))

    def learn(self, currents: Tensor, first_step: int) -> Tensor:
        """See ``RunningNorm``: all steps in one call, as so many channels."""
        rows = slice(first_step, first_step + len(currents))
        side_by_side = currents.transpose(0, 1).flatten(1, 2)
        normalised = functional.batch_norm(
            side_by_side,
            self.running_mean[rows].view(-1),
            self.running_var[rows].view(-1),
            self.gamma[rows].flatten(),
            None,
            training=True,
            momentum=self.momentum,
            eps=self.eps,
        )
        return normalised.unflatten(1, (len(currents), -1)).transpose(0, 1)

    def affine(self) -> tuple[Tensor, Tensor]:
        """See ``Norm``."""
        scale = self.gamma / torch.sqrt(self.running_var + self.eps)
        return scale, -self.running_mean * scale

    def step_scales(self) -> Tensor:
        """See ``Norm``: gamma."""
        return self.gamma.detach()


@dataclass(frozen=True, config=SPEC)
class BatchNormThroughTime(NormSpec):
    """Batch normalisation through time (Kim and Panda 2021, arXiv 2010.01729).

    y_t = gamma_t (I_t - mean_t) / sqrt(var_t + 1e-4), each a number of the channel and of the step, without shift;
    running statistics, with momentum 0.1, in evaluation.
    """

    kind: Literal["bntt"] = "bntt"
    exit_below: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """Early exit: a trained network is shown the steps before the first at which every layer's mean gamma is below
    this (> 0), at least one; without it, all."""

    @property
    def timed(self) -> bool:
        """See ``NormSpec``."""
        return True

    @property
    def scales_steps(self) -> bool:
        """See ``NormSpec``."""
        return True

    @property
    def may_exit(self) -> bool:
        """See ``NormSpec``."""
        return self.exit_below is not None

    def build(self, site: NormSite) -> StepBatchNorm:
        """Make that of one layer."""
        return StepBatchNorm(site.time_steps, site.shape[0], self.exit_below)
