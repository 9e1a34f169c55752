"""An attack on the features of another network."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.robustness.attack_target import AttackTarget, Labels
from spikeatlas.snn.robustness.attribution_attacks.naa_attack import NaaAttack
from spikeatlas.snn.robustness.base import AttackSpec, Scale
from spikeatlas.snn.robustness.norm_ball import Images, Norm
from spikeatlas.snn.subjects import LackError


@dataclass(frozen=True, config=SPEC)
class NaaTransfer(AttackSpec):
    """The images at which the attribution's attack on another network ends (Zhang et al. 2022, CVPR).

    The network under attack is never asked. What it is compared with is ``transfer``, momentum FGSM on the same network.
    """

    kind: Literal["naa-transfer"] = "naa-transfer"
    norm: Norm = "linf"
    """Ball that it stays in: ``linf`` or ``l2``."""
    steps: Annotated[int, Field(ge=1)] = 10
    """Gradients that are taken after the attribution's."""
    decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    """Share of the gathered gradients that the next step keeps."""
    path: Annotated[int, Field(ge=1)] = 30
    """Images on the path of the attribution."""
    layer: str | None = None
    """Layer of the other network; that in the middle, but for the last one, if left out."""
    needs: ClassVar[Literal["scores", "gradients", "source"]] = "source"

    @property
    def scale(self) -> Scale:
        """See ``AttackSpec``."""
        return self.norm

    @property
    def label(self) -> str:
        """See ``AttackSpec``."""
        return f"naa-transfer-{self.steps}" + (f" of {self.layer}" if self.layer else "")

    def lack(self, target: AttackTarget) -> str | None:
        """See ``AttackSpec``."""
        missing = super().lack(target)
        if missing is not None or target.source is None:
            return missing
        return self._attack.lack(target.source)

    def craft(
        self, target: AttackTarget, images: Images, labels: Labels, strength: float, key: CodingKey
    ) -> Images:
        """See ``AttackSpec``."""
        if target.source is None:
            raise LackError(
                "a transfer attack follows another network's gradients, and none is named."
            )
        *_, (points, _) = self._attack.climb(target.source, images, labels, strength, key)
        return points

    @property
    def _attack(self) -> NaaAttack:
        return NaaAttack(
            norm=self.norm, steps=self.steps, decay=self.decay, path=self.path, layer=self.layer
        )
