"""Batch normalisation whose statistics all time steps share."""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from spikeatlas.snn.norms.base import NormSite, NormSpec, scaled
from spikeatlas.snn.norms.running import RunningNorm
from spikeatlas.snn.registry import SPEC


class SharedBatchNorm(RunningNorm):
    """One batch normalisation over images, positions and steps; in evaluation by its running statistics."""

    eps = 1e-5
    unit_axes = MappingProxyType(
        dict.fromkeys(("weight", "bias", "running_mean", "running_var"), 0)
    )

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def learn(self, currents: Tensor, first_step: int) -> Tensor:
        """See ``RunningNorm``."""
        del first_step
        normalised = functional.batch_norm(
            currents.flatten(0, 1),
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            training=True,
            momentum=self.momentum,
            eps=self.eps,
        )
        return normalised.unflatten(0, currents.shape[:2])

    def scales(self) -> list[nn.Parameter]:
        """See ``Norm``: the weight."""
        return [self.weight]

    def affine(self) -> tuple[Tensor, Tensor]:
        """See ``Norm``."""
        scale = self.weight / torch.sqrt(self.running_var + self.eps)
        return scale[None], (self.bias - self.running_mean * scale)[None]


class SteppedBatchNorm(SharedBatchNorm):
    """The same with one set of running statistics, but each step of a batch normalised by its own in training."""

    @property
    def timed(self) -> bool:  # type: ignore[override]
        """True in training: a current that is constant is then a new batch at every step."""
        return self.training

    def learn(self, currents: Tensor, first_step: int) -> Tensor:
        """See ``RunningNorm``."""
        steps = range(first_step, first_step + len(currents))
        rows = zip(currents, steps, strict=True)
        return torch.cat(
            [super(SteppedBatchNorm, self).learn(row[None], step) for row, step in rows]
        )


class SummedBatchNorm(SharedBatchNorm):
    """The same of numbers that sequences sum up to: the sum over all steps is normalised, the shift in equal parts."""

    def __init__(self, channels: int, time_steps: int) -> None:
        super().__init__(channels)
        self.time_steps = time_steps

    def learn(self, currents: Tensor, first_step: int) -> Tensor:
        """See ``RunningNorm``; a constant current (1, n, ...) stands for all steps."""
        del first_step
        sums = currents.sum(0) * (self.time_steps // len(currents))
        axes = [0, *range(2, sums.dim())]
        variance, mean = torch.var_mean(sums, axes, correction=0)
        self._remember(mean.detach(), variance.detach(), sums.numel() // sums.shape[1])
        scale = self.weight / torch.sqrt(variance + self.eps)
        shift = (self.bias - mean * scale) / self.time_steps
        return scaled(currents, scale[None], shift[None])

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """Take the statistics of ``count`` sums a channel into the running ones, as torch does: the variance unbiased."""
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)

    def _values(self, currents: Tensor) -> int:
        """See ``RunningNorm``: a sum is one value."""
        return super()._values(currents) // len(currents)

    def affine(self) -> tuple[Tensor, Tensor]:
        """See ``Norm``."""
        scale, shift = super().affine()
        return scale, shift / self.time_steps


@dataclass(frozen=True, config=SPEC)
class BatchNorm(NormSpec):
    """Batch normalisation (Ioffe and Szegedy 2015, arXiv 1502.03167), shared by all time steps.

    y = weight (I - mean) / sqrt(var + 1e-5) + bias, each a number of the channel; running statistics, with
    momentum 0.1, in evaluation.
    """

    kind: Literal["batch"] = "batch"
    statistics: Literal["sequence", "step", "sum"] = Field(
        default="sequence", exclude_if=lambda value: value == "sequence"
    )
    """In training, those of all steps together (``sequence``), or of each ``step`` alone, as torch's module takes them
    that is called step after step; the running ones are shared by all steps either way. Or those of the ``sum`` over
    all steps, which then is what is normalised: for neurons that sums stand for."""

    @property
    def timed(self) -> bool:
        """See ``NormSpec``."""
        return self.statistics == "step"

    def stepwise_problems(self) -> list[str]:
        """See ``NormSpec``."""
        if self.statistics == "step":
            return []
        problem = (
            "batch takes the statistics of all time steps together, which training.backend: eager, step after step, "
            "cannot give it; set training.backend to fused, or norm.statistics to step"
        )
        return [problem]

    def build(self, site: NormSite) -> SharedBatchNorm:
        """Make that of one layer."""
        if self.statistics == "sum":
            return SummedBatchNorm(site.shape[0], site.time_steps)
        norm = SharedBatchNorm if self.statistics == "sequence" else SteppedBatchNorm
        return norm(site.shape[0])
