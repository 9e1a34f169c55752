"""The contract of attacks: other images of the same things, no further away than a stated strength."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from pydantic.fields import FieldInfo

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.registry import SPEC, Contract
from spikeatlas.snn.robustness.attack_target import Answer, AttackTarget, Labels
from spikeatlas.snn.robustness.norm_ball import Images, Norm

Scale = Literal["deviation"] | Norm
"""Measure of a strength: the standard deviation of noise, or the radius of a ball, in units of pixels/255."""


_LARGEST = 1e6
"""Strength in the l2 norm, and of noise: larger than the length of any image."""


@dataclass(frozen=True, config=SPEC)
class AttackSpec(Contract, ABC):
    """An attack on a network by its input, as a command names it; a member adds its fields.

    It says its rule and the rule's source.
    """

    kind: str

    needs: ClassVar[Literal["scores", "gradients", "source"]] = "scores"
    """All that it asks of a target: its scores, the gradients of its loss too, or those of another network instead."""
    effort: ClassVar[str | None] = None
    """Field with which it grows stronger, if there is one: it stands in the label whatever its value."""

    @property
    def scale(self) -> Scale:
        """Measure of its strengths."""
        return "linf"

    @property
    def label(self) -> str:
        """Name in a table, unlike that of any other attack there: pgd-20, or pgd-40, pace 1.5.

        It has the field of its effort, and each other one that is not at its default.
        """
        start = self.kind if self.effort is None else f"{self.kind}-{getattr(self, self.effort)}"
        return ", ".join([start, *self._other_fields()])

    def _other_fields(self) -> Iterator[str]:
        spec: Any = type(self)
        fields: Mapping[str, FieldInfo] = spec.__pydantic_fields__
        for name, field in fields.items():
            value = getattr(self, name)
            # each ball has a table of its own
            is_told = name in ("kind", self.effort) or (name == "norm" and value == self.scale)
            if not is_told and value != field.get_default(call_default_factory=True):
                yield f"{name} {value}"

    @property
    def repeats(self) -> int:
        """Draws of its random numbers over which accuracy is averaged (>= 1)."""
        return 1

    def problems(self, strength: float) -> list[str]:
        """Say in sentences what keeps it from being made so strong."""
        if not strength > 0:
            return [f"{self.label} of strength {strength:g}: it must be more than 0"]
        if self.scale == "linf" and strength > 1:
            return [f"{self.label} of strength {strength:g}: no pixel can change by more than 1"]
        if not strength <= _LARGEST:
            return [f"{self.label} of strength {strength:g}: it must be at most {_LARGEST:g}"]
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

    def misfit(self, target: AttackTarget) -> str | None:
        """Say what it names that a target does not have, and how to mend that; None where there is nothing."""
        del target
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
