"""The block of a Hebbian / anti-Hebbian layer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from spikeatlas.snn.norms.base import Norm, NormSite, NormSpec
from spikeatlas.snn.norms.divisive import Divisive, FieldKind
from spikeatlas.snn.norms.sequence import norm_row
from spikeatlas.snn.norms.sparsify import Sparsify
from spikeatlas.snn.norms.weight_l2 import WeightNorm
from spikeatlas.snn.registry import SPEC


@dataclass(frozen=True, config=SPEC)
class HahBlock(NormSpec):
    """The block of a HaH layer (Cekic et al. 2022, arXiv 2202.13074): ``weight-l2``, ``divisive``, ``sparsify`` in a row.

    A part is left out by naming the others as a ``sequence``. In the paper a part of rectified networks; of spiking
    ones, where it normalises the currents of each step, our extension.
    """

    kind: Literal["hah"] = "hah"
    sigma: Annotated[float, Field(ge=0, le=1)] = 0.1
    """See ``divisive``."""
    field: FieldKind = "max"
    """See ``divisive``."""
    keep: Annotated[float, Field(gt=0, le=1)] = 0.2
    """See ``sparsify``."""

    def bias_problems(self) -> list[str]:
        """See ``NormSpec``."""
        return WeightNorm().bias_problems()

    def behind_problems(self) -> list[str]:
        """See ``NormSpec``."""
        return WeightNorm().behind_problems()

    def build(self, site: NormSite) -> Norm | None:
        """Make that of one layer."""
        divisive = Divisive(sigma=self.sigma, field=self.field)
        return norm_row((WeightNorm(), divisive, Sparsify(keep=self.keep)), site)
