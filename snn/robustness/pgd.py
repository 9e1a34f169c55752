"""Projected gradient ascent from a random start."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.robustness.gradient_attack import Climb, GradientAttack


@dataclass(frozen=True, config=SPEC)
class Pgd(GradientAttack):
    """Projected gradient ascent (Madry et al. 2018, arXiv 1706.06083).

    From a random point of the ball, ``steps`` times: x <- P(x + a sign(g)), in an l2 ball x <- P(x + a g / ||g||), P the
    projection into the ball and into 0 to 1, a = ``pace`` eps / ``steps``. One start, no other loss than the
    cross-entropy: weaker than AutoAttack, with whose numbers it must not be compared.
    """

    kind: Literal["pgd"] = "pgd"
    steps: Annotated[int, Field(ge=1)] = 20
    """Gradients that are taken."""
    pace: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 2.5
    """Length of all steps together, in radii: above 1, so that it gets across the ball and back."""
    effort: ClassVar[str | None] = "steps"

    def course(self, strength: float) -> Climb:
        """See ``GradientAttack``."""
        return Climb(self.steps, self.pace * strength / self.steps, random_start=True)
