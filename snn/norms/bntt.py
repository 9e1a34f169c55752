"""Batch normalisation through time: each time step has statistics and scales of its own."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from spikeatlas.snn.norms.base import NormSite, NormSpec
from spikeatlas.snn.norms.running import RunningNorm
from spikeatlas.snn.registry import SPEC

_LARGE = 2**16
"""Currents of a step: to put more of them side by side takes longer than a call for each step."""


class StepBatchNorm(RunningNorm):
    """A batch normalisation for each time step, without shift."""

    timed = True
    eps = 1e-4
    unit_axes = MappingProxyType(dict.fromkeys(("gamma", "running_mean", "running_var"), 1))

    def __init__(self, time_steps: int, channels: int, exit_below: float | None = None) -> None:
        super().__init__()
        self.exit_below = exit_below
        self.gamma = nn.Parameter(torch.ones(time_steps, channels))
        self.register_buffer("running_mean", torch.zeros(time_steps, channels))
        self.register_buffer("running_var", torch.ones(time_steps, channels))

    def learn(self, currents: Tensor, first_step: int) -> Tensor:
        """See ``RunningNorm``: step by step where they are large, else all steps in one call."""
        rows = slice(first_step, first_step + len(currents))
        gamma, moments = self.gamma[rows], (self.running_mean[rows], self.running_var[rows])
        if currents[0].numel() < _LARGE:
            return self._side_by_side(currents, gamma, moments)
        normalised: Tensor = _Steps.apply(currents, gamma, *moments, self.momentum, self.eps)
        return normalised

    def _side_by_side(
        self, currents: Tensor, gamma: Tensor, moments: tuple[Tensor, Tensor]
    ) -> Tensor:
        mean, variance = moments
        normalised = functional.batch_norm(
            currents.transpose(0, 1).flatten(1, 2),
            mean.view(-1),
            variance.view(-1),
            gamma.flatten(),
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

    def scales(self) -> list[nn.Parameter]:
        """See ``Norm``: gamma of all steps."""
        return [self.gamma]

    def step_scales(self) -> Tensor:
        """See ``Norm``: gamma."""
        return self.gamma.detach()


class _Steps(torch.autograd.Function):
    """torch's batch normalisation of every step's currents (T, n, channels, ...), where they stand in memory."""

    @staticmethod
    def forward(
        ctx: Any,
        currents: Tensor,
        gamma: Tensor,
        running_mean: Tensor,
        running_var: Tensor,
        momentum: float,
        eps: float,
    ) -> Tensor:
        normalised, statistics = currents.new_empty(currents.shape), []
        for step, values in enumerate(currents):
            running = (running_mean[step], running_var[step], True, momentum, eps)
            normalised[step], *moments = torch.native_batch_norm(
                values, gamma[step], None, *running
            )
            statistics.append(moments)
        ctx.save_for_backward(
            currents, gamma, *(torch.stack(rows) for rows in zip(*statistics, strict=True))
        )
        ctx.eps = eps
        return normalised

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        currents, gamma, means, scales = ctx.saved_tensors
        result, slopes = torch.empty_like(currents), torch.empty_like(gamma)
        slots = [True, True, False]
        for step, arriving in enumerate(gradients[0]):
            moments = (None, None, means[step], scales[step], True, ctx.eps, slots)
            result[step], slopes[step], _ = torch.ops.aten.native_batch_norm_backward(
                arriving, currents[step], gamma[step], *moments
            )
        return result, slopes, None, None, None, None


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
