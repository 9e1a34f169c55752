"""The contract of attacks: other images of the same things, no further away than a stated strength."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.registry import SPEC, Contract
from spikeatlas.snn.robustness.attack_target import Answer, AttackTarget, Labels
from spikeatlas.snn.robustness.norm_ball import Images, Norm

Scale = Literal["deviation"] | Norm
"""Measure of a strength: the standard deviation of noise, or the radius of a ball, in units of pixels/255."""


@dataclass(frozen=True, config=SPEC)
class AttackSpec(Contract, ABC):
    """An attack on a network by its input, as a command names it; a member adds its fields.

    It says its rule and the rule's source.
    """

    kind: str

    needs: ClassVar[Literal["scores", "gradients", "source"]] = "scores"
    """All that it asks of a target: its scores, the gradients of its loss too, or those of another network instead."""

    @property
    def scale(self) -> Scale:
        """Measure of its strengths."""
        return "linf"

    @property
    def label(self) -> str:
        """Name in a table, with what its strength rests on."""
        return self.kind

    @property
    def repeats(self) -> int:
        """Draws of its random numbers over which accuracy is averaged (>= 1)."""
        return 1

    def problems(self, strength: float) -> list[str]:
        """Say in sentences what keeps it from being made so strong."""
        if not strength > 0:
            return [f"{self.label} of strength {strength:g}: it must be more than 0"]
        if self.scale == "linf" and strength * 255 < 1 - 1e-6:
            return [
                f"{self.label} of strength {strength:g}: images have 8 bits, so it must be at least one grey level, 1/255"
            ]
        return []

    def lack(self, target: AttackTarget) -> str | None:
        """Say what a target does not have that it needs; None where it has all."""
        if self.needs == "gradients" and target.network is None:
            return "the network has no gradients that it could follow"
        if self.needs == "source" and target.source is None:
            return "no other network with gradients is named"
        return None

    @abstractmethod
    def craft(
        self,
        target: AttackTarget,
        images: Images,
        labels: Labels,
        strength: float,
        key: CodingKey,
    ) -> Images:
        """Return the images to show instead of ``images`` uint8 (n, c, h, w), whose labels (n,) are known.

        ``key``: of all its random numbers, so that an image's depend on the image alone. LackError as ``lack``.
        """


class Worst:
    """The worst of all images that were shown to a target: one that it misreads, else one of a higher loss.

    The clean image is the first, so that an image that nothing harms stays as it is.
    """

    def __init__(self, target: AttackTarget, images: Images, labels: Labels) -> None:
        self.images = images.copy()
        self.right, self.losses = target.answer(images, labels)
        self.right, self.losses = self.right.copy(), self.losses.copy()

    def see(self, images: Images, answer: Answer, rows: NDArray[np.int64]) -> None:
        """Take what is at least as bad, for ``rows`` of the images."""
        fooled = self.right[rows] & ~answer.right
        alike = self.right[rows] == answer.right
        worse = fooled | (alike & (answer.losses >= self.losses[rows]))
        changed = rows[worse]
        self.images[changed] = images[worse]
        self.right[changed] = answer.right[worse]
        self.losses[changed] = answer.losses[worse]


def numbers(key: CodingKey, image: Images) -> np.random.Generator:
    """Return the random numbers of one image under a key, wherever it stands."""
    return np.random.Generator(key.generator(image.tobytes()))
