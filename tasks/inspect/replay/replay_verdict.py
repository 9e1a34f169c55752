"""The outcome of a replay."""

from __future__ import annotations

from dataclasses import dataclass, field

from spikeatlas.tasks.inspect.replay.verify_device import Devices

NEAR_SHARE = 1e-3
"""Largest share of results whose response may differ by a spike when another responder replays them: one
sums in another order, and a membrane within rounding of its threshold then falls on the other side."""


@dataclass(frozen=True)
class Verdict:
    """The outcome of a replay."""

    checked: int
    """Results replayed."""
    counts: dict[str, int]
    """Results by status."""
    problems: list[str]
    """One sentence each, naming epoch, layer and neuron."""
    near: list[str] = field(default_factory=list)
    """Results that differ by one spike at most, under another responder."""
    devices: Devices = field(default_factory=Devices)
    """Of the atlas and of the replay, with the spikes that another one changed."""

    @property
    def sound(self) -> bool:
        """True where something was checked and nothing is wrong."""
        few = len(self.near) <= NEAR_SHARE * self.checked
        return not self.problems and few and self.checked > 0 and self.devices.sound

    @property
    def summary(self) -> str:
        """The outcome in one line."""
        states = ", ".join(f"{count} {name}" for name, count in self.counts.items() if count)
        outcome = f"{len(self.problems)} problems" if self.problems else "no mismatch"
        outcome += f", {len(self.near)} within a spike" if self.near else ""
        states = f" ({states})" if states else ""
        return f"verified {self.checked} results{states}: {outcome if self.checked else 'nothing to check'}"
