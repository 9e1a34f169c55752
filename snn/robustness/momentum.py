"""Gradient ascent with momentum."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.robustness.gradient_attack import Climb, GradientAttack


@dataclass(frozen=True, config=SPEC)
class MomentumFgsm(GradientAttack):
    """Momentum iterative FGSM (Dong et al. 2018, arXiv 1710.06081).

    From the image, ``steps`` times: g <- decay g + slope / mean|slope|, x <- P(x + eps / steps sign(g)). The gathered
    gradients carry it over places where the last one is odd, so that it transfers better to other networks.
    """

    kind: Literal["momentum"] = "momentum"
    steps: Annotated[int, Field(ge=1)] = 10
    """Gradients that are taken."""
    decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    """Share of the gathered gradients that the next step keeps."""
    effort: ClassVar[str | None] = "steps"

    def course(self, strength: float) -> Climb:
        """See ``GradientAttack``."""
        return Climb(self.steps, strength / self.steps, decay=self.decay)
