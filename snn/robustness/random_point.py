"""A random point on the surface of the ball: the control of every attack of the same size."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.robustness.attack_target import AttackTarget, Labels
from spikeatlas.snn.robustness.base import AttackSpec, Scale, numbers
from spikeatlas.snn.robustness.norm_ball import Ball, Images, Norm


@dataclass(frozen=True, config=SPEC)
class RandomPoint(AttackSpec):
    """A change of the attack's size in a random direction: x + eps u.

    u is a random sign for every pixel (linf), or a random direction of length 1 (l2). What an attack does beyond this
    is due to its knowledge of the network.
    """

    kind: Literal["random"] = "random"
    norm: Norm = "linf"
    """``linf`` or ``l2``."""
    draws: Annotated[int, Field(ge=1)] = 3
    """Changed copies of each image, over which accuracy is averaged."""

    @property
    def scale(self) -> Scale:
        """See ``AttackSpec``."""
        return self.norm

    @property
    def repeats(self) -> int:
        """See ``AttackSpec``."""
        return self.draws

    def craft(
        self, target: AttackTarget, images: Images, labels: Labels, strength: float, key: CodingKey
    ) -> Images:
        """See ``AttackSpec``."""
        del target, labels
        ball = Ball(self.norm, strength)
        directions = np.zeros(images.shape)
        for row, image in enumerate(images):
            directions[row] = numbers(key, image).standard_normal(image.shape)
        pixels = images / 255 + strength * ball.steepest(directions)
        return ball.images(ball.project(pixels, images), images)
