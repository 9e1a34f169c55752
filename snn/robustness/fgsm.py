"""One step along the gradient."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass

from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.robustness.gradient_attack import Climb, GradientAttack


@dataclass(frozen=True, config=SPEC)
class Fgsm(GradientAttack):
    """The fast gradient sign method (Goodfellow et al. 2015, arXiv 1412.6572): x + eps sign(g), g the loss's gradient.

    In an l2 ball: x + eps g / ||g||. The weakest of the attacks by gradient: a threshold, a maximum or a spike can hide
    from it all that there is to follow.
    """

    kind: Literal["fgsm"] = "fgsm"

    def course(self, strength: float) -> Climb:
        """See ``GradientAttack``."""
        return Climb(steps=1, stride=strength)
