"""Batch normalisation whose statistics all time steps share."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from spikeatlas.snn.norms.base import NormSite, NormSpec
from spikeatlas.snn.norms.running import RunningNorm
from spikeatlas.snn.registry import SPEC


class SharedBatchNorm(RunningNorm):
    """One batch normalisation over images, positions and steps; in evaluation by its running statistics."""

    eps = 1e-5

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

    def affine(self) -> tuple[Tensor, Tensor]:
        """See ``Norm``."""
        scale = self.weight / torch.sqrt(self.running_var + self.eps)
        return scale[None], (self.bias - self.running_mean * scale)[None]


@dataclass(frozen=True, config=SPEC)
class BatchNorm(NormSpec):
    """Batch normalisation (Ioffe and Szegedy 2015, arXiv 1502.03167), statistics taken over all time steps too.

    y = weight (I - mean) / sqrt(var + 1e-5) + bias, each a number of the channel; running statistics, with
    momentum 0.1, in evaluation.
    """

    kind: Literal["batch"] = "batch"

    def stepwise_problems(self) -> list[str]:
        """See ``NormSpec``."""
        problem = (
            "batch takes the statistics of all time steps together, which training.backend: eager, step after step, "
            "cannot give it; set training.backend to fused, or norm to bntt"
        )
        return [problem]

    def build(self, site: NormSite) -> SharedBatchNorm:
        """Make that of one layer."""
        return SharedBatchNorm(site.shape[0])
