"""Gaussian noise on every pixel."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.robustness.attack_target import AttackTarget, Labels
from spikeatlas.snn.robustness.base import AttackSpec, Scale, numbers
from spikeatlas.snn.robustness.norm_ball import Images


@dataclass(frozen=True, config=SPEC)
class GaussianNoise(AttackSpec):
    """Independent Gaussian noise: round(255 clip(x + s n, 0, 1)), n standard normal, s the strength.

    No attack, for it does not know the network; the same numbers n serve every strength and every network.
    """

    kind: Literal["noise"] = "noise"
    draws: Annotated[int, Field(ge=1)] = 3
    """Noisy copies of each image, over which accuracy is averaged."""

    @property
    def scale(self) -> Scale:
        """See ``AttackSpec``."""
        return "deviation"

    @property
    def repeats(self) -> int:
        """See ``AttackSpec``."""
        return self.draws

    def craft(
        self, target: AttackTarget, images: Images, labels: Labels, strength: float, key: CodingKey
    ) -> Images:
        """See ``AttackSpec``."""
        del target, labels
        return noisy(images, strength, key)


def noisy(images: Images, deviation: float, key: CodingKey) -> Images:
    """Add Gaussian noise of a standard deviation, in units of pixels/255, to images uint8 (n, c, h, w)."""
    noise = [numbers(key, image).standard_normal(image.shape) for image in images]
    pixels = images / 255 + deviation * np.stack(noise) if noise else images / 255
    return np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
