"""Accuracy of a network under one attack of one strength."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.networks import TrainableNetwork
from spikeatlas.snn.robustness.attack_target import AttackTarget, Labels, network_target
from spikeatlas.snn.robustness.base import AttackSpec
from spikeatlas.snn.robustness.gaussian_noise import GaussianNoise
from spikeatlas.snn.robustness.norm_ball import Images, Norm, farthest
from spikeatlas.snn.robustness.pgd import Pgd


@dataclass(frozen=True)
class Condition:
    """An attack of a strength; without one, the clean images."""

    attack: AttackSpec | None = None
    strength: float = 0.0
    """In units of pixels/255; see ``AttackSpec.scale``."""


CLEAN = Condition()
"""The images as they are."""

PUBLISHED = {
    "clean": CLEAN,
    "noise 0.1": Condition(GaussianNoise(), 0.1),
    "linf 2/255": Condition(Pgd(), 2 / 255),
    "l2 0.25": Condition(Pgd(norm="l2"), 0.25),
}
"""The columns of the published table on layers with Hebbian costs, under PGD-20, which is weaker than its AutoAttack."""


@dataclass(frozen=True, eq=False)
class Measurement:
    """The reading of images under one condition."""

    right: NDArray[np.bool_]
    """(draws, n) true where the class with the highest score is the label's."""
    loss: float
    """Mean cross-entropy of the scores, in nats, over images and draws."""
    distances: Mapping[Norm, float]
    """The largest distance of any shown image from the clean one, in units of pixels/255."""

    @property
    def accuracy(self) -> float:
        """Share of images that are read right, 0 to 1, averaged over draws."""
        return float(self.right.mean())


def measure_under(
    target: AttackTarget, images: Images, labels: Labels, condition: Condition, seed: int
) -> Measurement:
    """Show images uint8 (n, c, h, w) with labels (n,) under a condition, and read them.

    The same seed gives the same images for the same network. ValueError for no image; LackError where the target lacks
    what the attack needs.
    """
    if not len(images) or len(images) != len(labels):
        raise ValueError(
            f"{len(images)} images with {len(labels)} labels: give at least one image, with one label each."
        )
    answers, distances = [], []
    repeats = 1 if condition.attack is None else condition.attack.repeats
    for draw in range(repeats):
        others = _shown(target, images, labels, condition, _key(condition, seed, draw))
        answers.append(target.answer(others, labels))
        distances.append(farthest(others, images))
    return Measurement(
        right=np.stack([answer.right for answer in answers]),
        loss=float(np.mean([answer.losses for answer in answers])),
        distances={norm: max(row[norm] for row in distances) for norm in distances[0]},
    )


def _shown(
    target: AttackTarget, images: Images, labels: Labels, condition: Condition, key: CodingKey
) -> Images:
    if condition.attack is None:
        return images
    return condition.attack.craft(target, images, labels, condition.strength, key)


def _key(condition: Condition, seed: int, draw: int) -> CodingKey:
    """Return the key of an attack's random numbers: alike for all strengths and networks, so that these compare."""
    kind = "" if condition.attack is None else condition.attack.kind
    return CodingKey(seed, checkpoint="", purpose=f"attack {kind}", presentation=draw)


def flat_images(target: AttackTarget, images: Images, labels: Labels) -> NDArray[np.bool_]:
    """Return (n,) true for images in which no pixel has any gradient: no attack by gradient gets off these."""
    _, slopes = target.slopes(images, labels)
    return np.asarray(~slopes.reshape(len(slopes), -1).any(axis=1))


def measure_network(
    network: TrainableNetwork,
    images: Images,
    labels: Labels,
    conditions: Mapping[str, Condition] = PUBLISHED,
    *,
    seed: int = 0,
) -> dict[str, Measurement]:
    """Measure a network of ours under each condition, by its name.

    ``images`` uint8 (n, c, h, w) with ``labels`` (n,). The network is asked in evaluation mode and stays in the mode that it
    was in. ``seed``: of the attacks, and of a stochastic coding.
    """
    training = network.training
    target = network_target(network.eval(), CodingKey(seed, checkpoint="", purpose="robustness"))
    try:
        return {
            name: measure_under(target, images, labels, condition, seed)
            for name, condition in conditions.items()
        }
    finally:
        network.train(training)


def right_under_all(measurements: Sequence[Measurement]) -> NDArray[np.bool_]:
    """Return (n,) true for images that are read right under every one of some attacks (>= 1), at every draw."""
    return np.asarray(np.concatenate([measured.right for measured in measurements]).all(axis=0))
