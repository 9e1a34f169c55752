"""Sparse currents: of each map, only the largest stay."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.norms.base import Norm, NormSite, NormSpec
from spikeatlas.snn.registry import SPEC

_ROUNDING = 1e-5
"""Share of the largest current by which sums of another order differ at most."""


class SparsifyNorm(Norm):
    """Currents above their map's quantile, and 0 elsewhere."""

    any_order = True

    def __init__(self, keep: float, shape: tuple[int, ...]) -> None:
        """``shape``: of one image's currents."""
        super().__init__()
        self.declare(keep=keep)
        self.channels = shape[0]
        # the small number: 0.8 * 5 positions are 4, whatever binary fractions make of it
        self.rank = math.floor((1 - keep) * math.prod(shape[1:]) + 1e-9)

    def forward(self, currents: Tensor, first_step: int = 0) -> Tensor:
        """See ``Norm``; units, and maps too small for a current to fall away, stay as they are."""
        del first_step
        if self.rank < 1:
            return currents
        maps = currents.flatten(3)
        return (maps * (maps > _ranked(maps.detach(), self.rank))).view(currents.shape)

    def with_ties(self, currents: Tensor, silent: Tensor) -> tuple[Tensor, Tensor | None]:
        """See ``Norm``: where the largest current that falls away is as large as the next one, but for rounding."""
        if not 0 < self.rank < math.prod(currents.shape[3:]):
            return self(currents), None
        maps = currents.flatten(3)
        ordered = np.partition(maps.numpy(), self.rank - 1)
        quantile = torch.from_numpy(ordered[..., self.rank - 1 :][..., :1])
        following = torch.from_numpy(ordered[..., self.rank :].min(-1, keepdims=True))
        room = _ROUNDING * maps.abs().max()
        # a current of about 0 is nearly the same, whether it stays or not
        tied = ((following - quantile <= room) & (quantile.abs() > room))[..., 0]
        near = (maps[tied] - quantile[tied]).abs() <= room
        rest = silent.flatten(3).expand_as(maps)[tied]
        tied[tied.clone()] = (near & (maps[tied] != rest)).any(1)
        return (maps * (maps > quantile)).view(currents.shape), tied.any(2)

    def affine(self) -> tuple[Tensor, Tensor] | None:
        """See ``Norm``: where all stay as they are."""
        if self.rank > 0:
            return None
        return torch.ones(1, self.channels), torch.zeros(1, self.channels)


def _ranked(maps: Tensor, rank: int) -> Tensor:
    """Return the ``rank``-th smallest number of each map (..., positions), as (..., 1)."""
    plain = maps.device.type == "cpu" and maps.dtype == torch.float32
    if not plain or torch.compiler.is_compiling():
        return maps.kthvalue(rank, dim=-1, keepdim=True).values
    # the same numbers, eight times as fast as torch's selection
    return torch.from_numpy(np.partition(maps.numpy(), rank - 1)[..., rank - 1 : rank])


@dataclass(frozen=True, config=SPEC)
class Sparsify(NormSpec):
    """Sparse maps (Cekic et al. 2022, arXiv 2202.13074).

    y = I 1[I > tau], tau the k-th smallest current of the image and channel, k = floor((1 - keep) h w). In the paper a
    part of rectified networks; of spiking ones, where it holds for the currents of each step, our extension.
    """

    kind: Literal["sparsify"] = "sparsify"
    keep: Annotated[float, Field(gt=0, le=1)] = 0.2
    """Share of a map's positions that stay, above 0 to 1."""

    def build(self, site: NormSite) -> SparsifyNorm:
        """Make that of one layer."""
        return SparsifyNorm(self.keep, site.shape)
