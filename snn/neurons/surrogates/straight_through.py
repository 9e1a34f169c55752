"""A spike's gradient handed on as it is."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.neurons.surrogates.base import SurrogateSpec
from spikeatlas.snn.registry import SPEC


@dataclass(frozen=True, config=SPEC)
class StraightThrough(SurrogateSpec):
    """1, wherever the membrane is (Bengio et al. 2013, arXiv 1308.3432), as snnTorch's version for IPUs has it."""

    kind: Literal["straight-through"] = "straight-through"

    def gradient(self, gradients: Tensor, excess: Tensor) -> Tensor:
        """See the class."""
        del excess
        return gradients
