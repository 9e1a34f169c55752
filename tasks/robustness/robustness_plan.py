"""The plan of a measurement of robustness: epochs, images, attacks and their strengths."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from spikeatlas.snn.robustness import (
    CLEAN,
    AttackSpec,
    Condition,
    Fgsm,
    GaussianNoise,
    MomentumFgsm,
    NaaAttack,
    NaaTransfer,
    Pgd,
    RandomPoint,
    Scale,
    Square,
    Transfer,
)

ATTACKS: tuple[AttackSpec, ...] = (
    GaussianNoise(),
    RandomPoint(),
    Fgsm(),
    Pgd(),
    MomentumFgsm(),
    NaaAttack(),
    Transfer(),
    NaaTransfer(),
    Square(),
    RandomPoint(norm="l2"),
    Pgd(norm="l2"),
    Transfer(norm="l2"),
)
"""Attacks that are made if none is named."""

STRENGTHS: Mapping[Scale, tuple[float, ...]] = {
    "deviation": (0.1, 0.2, 0.3, 0.5),
    "linf": (2 / 255, 8 / 255, 0.1),
    "l2": (0.25,),
}
"""Strengths, in units of pixels/255, if none are named."""

OPTIONS: Mapping[Scale, str] = {"deviation": "--noise", "linf": "--eps", "l2": "--l2"}
"""Option of the command that names strengths of a scale."""


@dataclass(frozen=True)
class RobustnessPlan:
    """The measurements that are wanted of each epoch."""

    epochs: tuple[float, ...] | None = None
    """Epochs; None: the last that there is."""
    images: int = 256
    """Test images, as evenly over the classes as there are (>= 1)."""
    attacks: tuple[AttackSpec, ...] = ATTACKS
    """Attacks, each at all strengths of its scale."""
    strengths: Mapping[Scale, tuple[float, ...]] = field(default_factory=lambda: STRENGTHS)

    def conditions(self) -> Iterator[Condition]:
        """Yield what the images are shown under: first as they are."""
        yield CLEAN
        for attack in self.attacks:
            for strength in self.strengths.get(attack.scale, ()):
                yield Condition(attack, strength)

    def problems(self) -> list[str]:
        """Say in sentences what cannot be measured so."""
        problems = [] if self.images >= 1 else [f"--images is {self.images}: it must be at least 1"]
        for condition in self.conditions():
            if condition.attack is not None:
                option = OPTIONS[condition.attack.scale]
                sentences = condition.attack.problems(condition.strength)
                problems += [f"{option}: {sentence}" for sentence in sentences]
        return [*dict.fromkeys(problems), *self._doubles(), *self._lonely()]

    def _doubles(self) -> list[str]:
        """Refuse attacks that would share a row of a table."""
        rows = Counter((attack.scale, attack.label) for attack in self.attacks)
        return [
            f"--attack names {label} ({scale}) {count} times: name each attack once"
            for (scale, label), count in rows.items()
            if count > 1
        ]

    def _lonely(self) -> list[str]:
        """Refuse attacks by gradient without one beside them that needs none of this network."""
        return [
            f"--attack names {', '.join(labels)} ({scale}) alone, and gradients can be masked: name "
            f"{'square or transfer' if scale == 'linf' else f'{{kind: transfer, norm: {scale}}}'} beside it"
            for scale, labels in unaccompanied(self.attacks).items()
        ]


def unaccompanied(attacks: Iterable[AttackSpec]) -> dict[Scale, list[str]]:
    """Return the labels of attacks by gradient, by scale, beside which no attack needs none of the network's gradients."""
    controls = (GaussianNoise, RandomPoint)
    climbers: dict[Scale, list[str]] = {}
    others = set()
    for attack in attacks:
        if attack.needs == "gradients":
            climbers.setdefault(attack.scale, []).append(attack.label)
        elif not isinstance(attack, controls):
            others.add(attack.scale)
    return {scale: labels for scale, labels in climbers.items() if scale not in others}


def spelled(strength: float) -> str:
    """Return a strength as a person writes it: 0.1, or 2/255 where it is whole grey levels and no short number."""
    levels = strength * 255
    short = math.isclose(round(strength, 3), strength)
    whole = math.isclose(round(levels), levels, abs_tol=1e-6)
    return f"{round(levels)}/255" if whole and not short else f"{strength:g}"


def read_strengths(option: str, texts: list[str] | None) -> tuple[float, ...] | None:
    """Read strengths such as 0.1, 8/255 or 0.1,0.2; None where none are named. ValueError, a sentence, for others."""
    if not texts:
        return None
    parts = [part.strip() for text in texts for part in text.split(",")]
    return tuple(dict.fromkeys(_strength(option, part) for part in parts))


def _strength(option: str, text: str) -> float:
    above, slash, below = text.partition("/")
    try:
        value = float(above) / float(below) if slash else float(above)
    except (ValueError, ZeroDivisionError):
        raise ValueError(
            f"{option} {text}: write a number such as 0.1, or a fraction such as 8/255"
        ) from None
    if not 0 < value < math.inf:
        raise ValueError(f"{option} {text}: it must be more than 0, in units of pixels/255")
    return value
