"""An attack on the features that a decision is attributed to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.robustness.attack_target import Answer, AttackTarget, Labels
from spikeatlas.snn.robustness.attribution_attacks.feature_target import (
    attributed_target,
    layer_under_attack,
)
from spikeatlas.snn.robustness.gradient_attack import Climb, GradientAttack
from spikeatlas.snn.robustness.norm_ball import Images
from spikeatlas.snn.subjects import LackError


@dataclass(frozen=True, config=SPEC)
class NaaAttack(GradientAttack):
    """The neuron attribution-based attack (Zhang et al. 2022, CVPR): down the sum of a layer's attributions.

    Minimises sum_j A_j = sum_j (y_j - y'_j) g_j, all positions of a map apart, by the steps of momentum FGSM; y are the
    layer's rates, g the gradients of the true class's probability in them, averaged over ``path`` images from black to
    the clean one. They are taken once, of the clean image, and divided by their length. Positive and negative
    attributions weigh alike.
    """

    kind: Literal["naa"] = "naa"
    steps: Annotated[int, Field(ge=1)] = 10
    """Gradients that are taken after the attribution's."""
    decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    """Share of the gathered gradients that the next step keeps."""
    path: Annotated[int, Field(ge=1)] = 30
    """Images on the path of the attribution."""
    layer: str | None = None
    """Layer whose attributions are brought down; that in the middle, but for the last one, if left out."""
    effort: ClassVar[str | None] = "steps"

    def lack(self, target: AttackTarget) -> str | None:
        """See ``AttackSpec``."""
        return super().lack(target) or _lack(target, self.layer)

    def misfit(self, target: AttackTarget) -> str | None:
        """See ``AttackSpec``: a layer that there is not."""
        missing = None if self.layer is None else _lack(target, self.layer)
        return None if missing is None else f"{missing}; name one of these, or leave layer out"

    def course(self, strength: float) -> Climb:
        """See ``GradientAttack``."""
        return Climb(self.steps, strength / self.steps, decay=self.decay)

    def climb(
        self, target: AttackTarget, images: Images, labels: Labels, strength: float, key: CodingKey
    ) -> Iterator[tuple[Images, Answer]]:
        """See ``GradientAttack``: what rises is minus the sum of the attributions."""
        features = attributed_target(target, images, labels, self.path, self.layer)
        return super().climb(features, images, labels, strength, key)


def _lack(target: AttackTarget, layer: str | None) -> str | None:
    if target.network is None:
        return None
    try:
        layer_under_attack(target.network, layer)
    except LackError as error:
        return str(error).rstrip(".")
    return None
