"""Implicit normalisation of a layer's filters."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from spikeatlas.snn.norms.base import Norm, NormSite, NormSpec
from spikeatlas.snn.registry import SPEC

_EPS = 1e-6


class FilterNorm(Norm):
    """Currents over the l2 norm of the weights that made them."""

    any_order = True

    def __init__(self, operator: nn.Conv2d | nn.Linear) -> None:
        super().__init__()
        # in a tuple: the weights are the operator's, and no part of this module
        self._operator = (operator,)
        self.declare(eps=_EPS)

    def scale(self) -> Tensor:
        """Factors (channels,) of the currents, with gradient."""
        weight = self._operator[0].weight
        return 1 / (torch.linalg.vector_norm(weight.flatten(1), dim=1) + _EPS)

    def forward(self, currents: Tensor, first_step: int = 0) -> Tensor:
        """See ``Norm``."""
        del first_step
        return currents * self.scale().view(-1, *(1,) * (currents.dim() - 3))

    def affine(self) -> tuple[Tensor, Tensor]:
        """See ``Norm``: no shift."""
        scale = self.scale()[None]
        return scale, torch.zeros_like(scale)


@dataclass(frozen=True, config=SPEC)
class WeightNorm(NormSpec):
    """Implicit l2 normalisation of filters (Cekic et al. 2022, arXiv 2202.13074).

    y_c = (W_c * x) / (||W_c||_2 + 1e-6), the norm over all weights of output channel c. Gradients go through the norm;
    W itself is not rescaled. In the paper a part of rectified networks; of spiking ones, where it scales the currents
    of each step, our extension.
    """

    kind: Literal["weight-l2"] = "weight-l2"

    def bias_problems(self) -> list[str]:
        """See ``NormSpec``."""
        return [
            "weight-l2 divides currents by the length of their weights, which a bias is none of; set bias to false"
        ]

    def behind_problems(self) -> list[str]:
        """See ``NormSpec``."""
        problem = (
            "weight-l2 divides currents by the length of their weights, and behind another normalisation they no longer are "
            "as long as these; name it first in a sequence, and once"
        )
        return [problem]

    def build(self, site: NormSite) -> FilterNorm:
        """Make that of one layer."""
        return FilterNorm(site.operator)
