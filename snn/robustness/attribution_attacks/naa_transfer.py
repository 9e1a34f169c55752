"""An attack on the features of another network."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.robustness.attack_target import AttackTarget
from spikeatlas.snn.robustness.attribution_attacks.naa_attack import NaaAttack
from spikeatlas.snn.robustness.transfer import SourceAttack


@dataclass(frozen=True, config=SPEC)
class NaaTransfer(SourceAttack):
    """The images at which the attribution's attack on another network ends (Zhang et al. 2022, CVPR).

    What it is compared with is ``transfer``, momentum FGSM on the same network. ``steps`` come after the attribution's.
    """

    kind: Literal["naa-transfer"] = "naa-transfer"
    path: Annotated[int, Field(ge=1)] = 30
    """Images on the path of the attribution."""
    layer: str | None = None
    """Layer of the other network; that in the middle, but for the last one, if left out."""

    @property
    def ascent(self) -> NaaAttack:
        """See ``SourceAttack``."""
        return NaaAttack(
            norm=self.norm, steps=self.steps, decay=self.decay, path=self.path, layer=self.layer
        )

    def lack(self, target: AttackTarget) -> str | None:
        """See ``AttackSpec``."""
        missing = super().lack(target)
        if missing is not None or target.source is None:
            return missing
        return self.ascent.lack(target.source)

    def misfit(self, target: AttackTarget) -> str | None:
        """See ``AttackSpec``: a layer that the other network does not have."""
        return None if target.source is None else self.ascent.misfit(target.source)
