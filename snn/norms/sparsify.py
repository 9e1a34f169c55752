"""Sparse currents: of each map, only the largest stay."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.norms.base import Norm, NormSite, NormSpec
from spikeatlas.snn.registry import SPEC


class SparsifyNorm(Norm):
    """Currents above their map's quantile, and 0 elsewhere."""

    def __init__(self, keep: float) -> None:
        super().__init__()
        self.keep = keep

    def forward(self, currents: Tensor, first_step: int = 0) -> Tensor:
        """See ``Norm``; units, and maps too small for a current to fall away, stay as they are."""
        del first_step
        positions = math.prod(currents.shape[3:])
        # the small number: 0.8 * 5 positions are 4, whatever binary fractions make of it
        rank = math.floor((1 - self.keep) * positions + 1e-9)
        if rank < 1:
            return currents
        maps = currents.flatten(3)
        threshold = maps.detach().kthvalue(rank, dim=-1, keepdim=True).values
        return (maps * (maps > threshold)).view(currents.shape)


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
        del site
        return SparsifyNorm(self.keep)
