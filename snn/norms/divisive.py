"""Divisive normalisation of rectified currents by those around them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn import functional

from spikeatlas.snn.norms.base import Norm, NormSite, NormSpec
from spikeatlas.snn.norms.nearby_maxima import nearby_maxima
from spikeatlas.snn.registry import SPEC

FieldKind = Literal["max", "l1", "l2"]
_FIELDS: tuple[FieldKind, ...] = ("max", "l1", "l2")
_EPS = 1e-7
_WINDOW = 3


class DivisiveNorm(Norm):
    """Rectified currents over what all channels have nearby, and over the largest of that in the image."""

    any_order = True

    def __init__(self, sigma: float, field: FieldKind) -> None:
        super().__init__()
        self.sigma, self.field = sigma, field
        self.declare(largest_share=sigma, field_number=_FIELDS.index(field))

    def forward(self, currents: Tensor, first_step: int = 0) -> Tensor:
        """See ``Norm``; units without a map count as one position."""
        del first_step
        activities = currents.flatten(0, 1).relu()
        maps = activities if activities.dim() > 2 else activities[..., None, None]
        nearby = self._nearby(maps).mean(1, keepdim=True)
        largest = nearby.amax((-2, -1), keepdim=True)
        normalised = maps / (self.sigma * largest + (1 - self.sigma) * nearby + _EPS)
        return normalised.view(currents.shape)

    def _nearby(self, maps: Tensor) -> Tensor:
        """Largest, sum or length of the activities (>= 0) in the window around each position."""
        if self.field == "max":
            return nearby_maxima(maps)
        values = maps if self.field == "l1" else maps.square()
        sums = functional.avg_pool2d(values, _WINDOW, 1, _WINDOW // 2, divisor_override=1)
        # the root has no gradient at 0, where nothing is near
        return sums if self.field == "l1" else (sums + _EPS**2).sqrt()


@dataclass(frozen=True, config=SPEC)
class Divisive(NormSpec):
    """Divisive normalisation (Cekic et al. 2022, arXiv 2202.13074).

    a = max(0, I); F(p) = mean over channels of the field of a_c in the 3x3 window around p; M = max_p F(p) of the image;
    y_c(p) = a_c(p) / (sigma M + (1 - sigma) F(p) + 1e-7). In the paper a part of rectified networks; of spiking ones,
    where it normalises the currents of each step, our extension.
    """

    kind: Literal["divisive"] = "divisive"
    sigma: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Share of the image's largest field in the divisor, 0 to 1."""
    field: FieldKind = "max"
    """Of a channel, in the window: its largest activity, their sum (``l1``), or the root of their squares' (``l2``)."""

    def build(self, site: NormSite) -> DivisiveNorm:
        """Make that of one layer."""
        del site
        return DivisiveNorm(self.sigma, self.field)
