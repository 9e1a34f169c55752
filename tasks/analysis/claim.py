"""A claim as a test: its parts, each held against a bar, and the answer that they give together."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from spikeatlas.tasks.analysis.intervals import NOTHING, Estimate, over_seeds
from spikeatlas.tasks.analysis.thresholds import Thresholds

Answer: TypeAlias = Literal["supported", "consistent in this network", "not supported", "undecided"]


@dataclass(frozen=True)
class Claim:
    """One claim and what the networks say of it."""

    name: str
    statement: str
    answer: Answer
    effect: float
    low: float
    high: float
    """Bounds of the 95 % interval of the effect."""
    unit: str
    seeds: int
    """Trained networks that it rests on."""
    reasons: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it for ``claims.json``: None for what is undefined."""
        fields = asdict(self) | {"reasons": list(self.reasons)}
        return {k: None if isinstance(v, float) and np.isnan(v) else v for k, v in fields.items()}


@dataclass(frozen=True)
class ClaimPart:
    """One quantity of a claim, with the bar that it is held against."""

    unit: str
    bar: float
    estimates: tuple[Estimate, ...]
    """Of each network: the interval of a single one is over its neurons."""

    def interval(self, bars: Thresholds) -> Estimate:
        """Return the interval over networks where there are enough, else the first one's own."""
        if len(self.estimates) >= bars.seeds:
            return over_seeds(np.array([one.effect for one in self.estimates]), bars.level)
        return self.estimates[0]

    def holds(self, bars: Thresholds) -> bool | None:
        """Return True where the interval lies above the bar, False below it, None where it contains the bar."""
        estimate = self.interval(bars)
        if estimate.low > self.bar:
            return True
        return False if estimate.high < self.bar else None

    def sentence(self, bars: Thresholds) -> str:
        """Return the quantity, its interval and its bar in words."""
        whole = self.interval(bars)
        effects = ", ".join(f"{one.effect:.2f}" for one in self.estimates)
        several = f" (networks: {effects})" if len(self.estimates) > 1 else ""
        return f"{self.unit}: {whole.effect:.2f} ({whole.low:.2f} to {whole.high:.2f}; bar {self.bar:g}){several}"


def undecided(name: str, statement: str, lacking: list[str], seeds: int) -> Claim:
    """Return a claim that cannot be tested, with what it lacks."""
    return Claim(name, statement, "undecided", *NOTHING, "", seeds, tuple(lacking))


def decided(
    name: str, statement: str, parts: list[ClaimPart], bars: Thresholds, notes: list[str]
) -> Claim:
    """Answer a claim: a yes needs every part, a no one; below five networks a yes is about this network only."""
    results = [part.holds(bars) for part in parts]
    seeds = len(parts[0].estimates)
    answer: Answer = "undecided"
    if all(results):
        answer = "supported" if seeds >= bars.seeds else "consistent in this network"
    elif any(result is False for result in results):
        answer = "not supported"
    sentences = [part.sentence(bars) for part in parts]
    return Claim(
        name,
        statement,
        answer,
        *parts[0].interval(bars),
        parts[0].unit,
        seeds,
        (*sentences, *notes),
    )
