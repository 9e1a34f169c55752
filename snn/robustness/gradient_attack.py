"""Attacks that climb the network's loss along its gradient in the image."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass as plain_dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic.dataclasses import dataclass

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.robustness.attack_target import Answer, AttackTarget, Labels
from spikeatlas.snn.robustness.base import AttackSpec, Scale, Worst, numbers
from spikeatlas.snn.robustness.norm_ball import Ball, Floats, Images, Norm


@plain_dataclass(frozen=True)
class Climb:
    """The way of a climb."""

    steps: int
    """Gradients that are taken (>= 1)."""
    stride: float
    """Length of a step, in the ball's norm, in units of pixels/255."""
    random_start: bool = False
    """True: from a random point of the ball; otherwise from the image."""
    decay: float = 0.0
    """Share of the gathered gradients that the next step keeps (>= 0)."""


@dataclass(frozen=True, config=SPEC)
class GradientAttack(AttackSpec, ABC):
    """An attack that follows the gradient of the cross-entropy, and keeps the worst image that it came by.

    The network sees images of 8 bits all the way; rounding is passed straight through.
    """

    norm: Norm = "linf"
    """Ball that it stays in: ``linf`` or ``l2``."""
    needs: ClassVar[Literal["scores", "gradients", "source"]] = "gradients"

    @property
    def scale(self) -> Scale:
        """See ``AttackSpec``."""
        return self.norm

    @abstractmethod
    def course(self, strength: float) -> Climb:
        """Return its way in a ball of that radius."""

    def craft(
        self, target: AttackTarget, images: Images, labels: Labels, strength: float, key: CodingKey
    ) -> Images:
        """See ``AttackSpec``."""
        worst = Worst(target, images, labels)
        for points, answer in self.climb(target, images, labels, strength, key):
            worst.see(points, answer, np.arange(len(images)))
        return worst.images

    def climb(
        self, target: AttackTarget, images: Images, labels: Labels, strength: float, key: CodingKey
    ) -> Iterator[tuple[Images, Answer]]:
        """Yield the images that it comes by, all in the ball, and how the target reads them.

        g <- decay g + slope / mean|slope|;  x <- the point of the ball nearest to x + stride steepest(g).
        """
        ball, course = Ball(self.norm, strength), self.course(strength)
        pixels = _random_points(ball, images, key) if course.random_start else images / 255
        gathered = np.zeros(images.shape)
        for _ in range(course.steps):
            points = ball.images(pixels, images)
            answer, slopes = target.slopes(points, labels)
            yield points, answer
            gathered = course.decay * gathered + _scaled(slopes)
            pixels = ball.project(pixels + course.stride * ball.steepest(gathered), images)
        points = ball.images(pixels, images)
        yield points, target.answer(points, labels)


def _random_points(ball: Ball, images: Images, key: CodingKey) -> Floats:
    """Return random points (n, c, h, w) of the balls around images: uniform for linf, and of uniform length for l2."""
    pixels = np.empty(images.shape)
    for row, image in enumerate(images):
        generator = numbers(key, image)
        if ball.norm == "linf":
            pixels[row] = generator.uniform(-ball.radius, ball.radius, image.shape)
        else:
            direction = generator.standard_normal(image.shape)
            length = ball.radius * generator.uniform() / np.linalg.norm(direction)
            pixels[row] = direction * length
    return ball.project(images / 255 + pixels, images)


def _scaled(slopes: Floats) -> Floats:
    """Slopes (n, c, h, w) by their mean absolute value in each image; 0 where all are."""
    means = np.abs(slopes).mean(axis=tuple(range(1, slopes.ndim)), keepdims=True)
    return np.divide(slopes, means, out=np.zeros_like(slopes), where=means > 0)
