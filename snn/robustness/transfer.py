"""An attack along the gradients of another network."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic.dataclasses import dataclass

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.robustness.attack_target import AttackTarget, Labels
from spikeatlas.snn.robustness.base import AttackSpec, Scale
from spikeatlas.snn.robustness.gradient_attack import GradientAttack
from spikeatlas.snn.robustness.momentum import MomentumFgsm
from spikeatlas.snn.robustness.norm_ball import Images
from spikeatlas.snn.subjects import LackError


@dataclass(frozen=True, config=SPEC)
class Transfer(AttackSpec):
    """The images at which a climb on another network's loss ends (Papernot et al. 2017, arXiv 1602.02697).

    The target is never asked, so what it hides of its own gradients is of no use to it.
    """

    kind: Literal["transfer"] = "transfer"
    attack: AttackSpec = MomentumFgsm()
    """The climb: one of the attacks by gradient."""
    needs: ClassVar[Literal["scores", "gradients", "source"]] = "source"

    @property
    def scale(self) -> Scale:
        """See ``AttackSpec``."""
        return self.attack.scale

    @property
    def label(self) -> str:
        """See ``AttackSpec``."""
        return f"transfer of {self.attack.label}"

    def problems(self, strength: float) -> list[str]:
        """See ``AttackSpec``."""
        if not isinstance(self.attack, GradientAttack):
            return [
                f"transfer: attack is {self.attack.kind}, which climbs no gradient; choose fgsm, pgd or momentum"
            ]
        return super().problems(strength)

    def craft(
        self, target: AttackTarget, images: Images, labels: Labels, strength: float, key: CodingKey
    ) -> Images:
        """See ``AttackSpec``."""
        if target.source is None:
            raise LackError(
                "a transfer attack follows another network's gradients, and none is named."
            )
        assert isinstance(self.attack, GradientAttack)
        points = images
        for points, _ in self.attack.climb(target.source, images, labels, strength, key):  # noqa: B007
            pass
        return points
