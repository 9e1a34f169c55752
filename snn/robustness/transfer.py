"""Attacks along the gradients of another network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.robustness.attack_target import AttackTarget, Labels
from spikeatlas.snn.robustness.base import AttackSpec, Scale
from spikeatlas.snn.robustness.gradient_attack import GradientAttack
from spikeatlas.snn.robustness.momentum import MomentumFgsm
from spikeatlas.snn.robustness.norm_ball import Images, Norm
from spikeatlas.snn.subjects import LackError


@dataclass(frozen=True, config=SPEC)
class SourceAttack(AttackSpec, ABC):
    """The images at which an attack by gradients on another network ends; a member adds what that attack needs.

    The network under attack is never asked, so that what it hides of its own gradients is of no use to it.
    """

    norm: Norm = "linf"
    """Ball that it stays in: ``linf`` or ``l2``."""
    steps: Annotated[int, Field(ge=1)] = 10
    """Gradients that are taken."""
    decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    """Share of the gathered gradients that the next step keeps."""
    needs: ClassVar[Literal["scores", "gradients", "source"]] = "source"
    effort: ClassVar[str | None] = "steps"

    @property
    def scale(self) -> Scale:
        """See ``AttackSpec``."""
        return self.norm

    @property
    @abstractmethod
    def ascent(self) -> GradientAttack:
        """The attack on the other network."""

    def craft(
        self, target: AttackTarget, images: Images, labels: Labels, strength: float, key: CodingKey
    ) -> Images:
        """See ``AttackSpec``."""
        if target.source is None:
            raise LackError(
                "a transfer attack follows another network's gradients, and none is named."
            )
        *_, (points, _) = self.ascent.climb(target.source, images, labels, strength, key)
        return points


@dataclass(frozen=True, config=SPEC)
class Transfer(SourceAttack):
    """The images at which momentum FGSM on another network ends (Dong et al. 2018, arXiv 1710.06081, section 3)."""

    kind: Literal["transfer"] = "transfer"

    @property
    def ascent(self) -> MomentumFgsm:
        """See ``SourceAttack``."""
        return MomentumFgsm(norm=self.norm, steps=self.steps, decay=self.decay)
