"""Rules: one step of a spiking neuron, as each library rounds it.

In real numbers most of them are h = a v + b I + c; a spike where h exceeds a threshold; and a reset of v. In float32
the order of the operations counts, so a rule names it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Literal, get_args

import torch
from torch import Tensor

Charge = Literal[
    "decay",
    "divide",
    "divide_leak",
    "multiply",
    "multiply_leak",
    "sum",
    "norse",
    "euler",
    "gain",
    "blend",
]
"""Order of the operations that make h of v and the current I:

decay          a v + I                    snnTorch
divide         v + (I - (v - c)) / b      SpikingJelly's LIF, decay_input
divide_leak    (v - (v - c) / b) + I      the same without
multiply       v + (I - (v - c)) b        SpikingJelly's PLIF, decay_input
multiply_leak  (v - (v - c) b) + I        the same without
sum            v + I                      SpikingJelly's IF
norse          v + a ((I + c) - v)        norse's LIFBox
euler          v + a ((c - v) + b I)      NIR's LIF by Euler's method
gain           v + b I                    NIR's IF by Euler's method
blend          a v + b I                  DSR's LIF
"""
CHARGES: tuple[Charge, ...] = get_args(Charge)
"""All of them; the code of one, in compiled loops, is its place in here."""
Compare = Literal[">", ">="]
Change = Literal["none", "subtract", "value"]
When = Literal["same", "next", "undelayed"]
"""Step of the reset: the spike's own; the next one, before its charge; or snnTorch's ``reset_delay=False``.

The latter resets in the spike's own step what the charge has not already reset for the spike before: with
s' = [v > theta] of the membrane after its reset, v becomes h - (s - s') theta, or h - (s - s') h.
"""

VALUES = ("a", "b", "c", "theta", "v_reset", "start")
"""Fields of a rule that may differ by neuron."""
EXTRAS = ("drop", "synapse")
"""More of them, which few rules have."""
RuleState = Tensor | tuple[Tensor, Tensor]
"""Membranes (n, ...); with a synapse, these and the synaptic currents."""

_ONE, _ZERO = torch.tensor(1.0), torch.tensor(0.0)


@dataclasses.dataclass(frozen=True, eq=False)
class Rule:
    """Neurons of a layer with one state each, or two; see ``Charge`` and ``When``.

    With a ``synapse``, its current i = synapse i + I, from 0, stands in place of I. The values are float32 tensors that
    broadcast with one image's currents: (), (units,) or (channels, 1, 1).
    """

    charge: Charge
    compare: Compare
    change: Change
    """Of v after a spike: none, minus ``drop``, or to ``v_reset``."""
    when: When = "same"
    a: Tensor = _ONE
    b: Tensor = _ONE
    c: Tensor = _ZERO
    theta: Tensor = _ONE
    v_reset: Tensor = _ZERO
    start: Tensor = _ZERO
    """State before the first step."""
    drop: Tensor | None = None
    """Amount that "subtract" takes away; None: ``theta``."""
    synapse: Tensor | None = None
    """Share of the synaptic current that stays from step to step; None: no such current."""

    def __post_init__(self) -> None:
        """Refuse values that are not float32, and delayed resets that no library has."""
        for name in (*VALUES, *EXTRAS):
            value = getattr(self, name)
            if value is not None and value.dtype != torch.float32:
                raise ValueError(f"{name} of a rule is {value.dtype}: give float32.")
        if self.when != "same" and self.charge != "decay":
            raise ValueError(
                f"a reset in the step {self.when!r} goes with the charge 'decay' alone, not {self.charge!r}."
            )

    @property
    def drops(self) -> Tensor:
        """Amounts that "subtract" takes away."""
        return self.theta if self.drop is None else self.drop

    def initial(self, currents: Tensor) -> RuleState:
        """State (n, ...) before the first of some currents (n, ...)."""
        v = self.start.expand(currents.shape).clone()
        return v if self.synapse is None else (v, torch.zeros_like(currents))

    def step(self, current: Tensor, state: RuleState) -> tuple[Tensor, RuleState]:
        """Spikes and state (n, ...) one step later: the reference that the compiled scan equals."""
        if isinstance(state, tuple):
            assert self.synapse is not None
            current = self.synapse * state[1] + current
            spikes, v = self._fired(current, state[0])
            return spikes, (v, current)
        return self._fired(current, state)

    def _fired(self, current: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        if self.when == "same":
            h = self._charged(current, v)
            spikes = h > self.theta if self.compare == ">" else h >= self.theta
            return spikes.float(), self._changed(h, spikes)
        before = v > self.theta
        h = self._delayed(current, v, before)
        spikes = h > self.theta
        if self.when == "undelayed":
            return spikes.float(), self._undelayed(h, spikes.float() - before.float())
        return spikes.float(), h

    def run(self, currents: Tensor, time_steps: int) -> Tensor:
        """Spikes (T, n, ...) of currents (T, n, ...), or (1, n, ...) if constant, step after step."""
        state, spikes = self.initial(currents[0]), []
        for step in range(time_steps):
            spike, state = self.step(currents[step if len(currents) > 1 else 0], state)
            spikes.append(spike)
        return torch.stack(spikes)

    def _charged(self, current: Tensor, v: Tensor) -> Tensor:
        a, b, c = self.a, self.b, self.c
        charges: dict[Charge, Callable[[], Tensor]] = {
            "decay": lambda: a * v + current,
            "divide": lambda: v + (current - (v - c)) / b,
            "divide_leak": lambda: (v - (v - c) / b) + current,
            "multiply": lambda: v + (current - (v - c)) * b,
            "multiply_leak": lambda: (v - (v - c) * b) + current,
            "sum": lambda: v + current,
            "norse": lambda: v + a * ((current + c) - v),
            "euler": lambda: v + a * ((c - v) + b * current),
            "gain": lambda: v + b * current,
            "blend": lambda: a * v + b * current,
        }
        return charges[self.charge]()

    def _changed(self, h: Tensor, spikes: Tensor) -> Tensor:
        if self.change == "none":
            return h
        return torch.where(spikes, h - self.drops if self.change == "subtract" else self.v_reset, h)

    def _delayed(self, current: Tensor, v: Tensor, before: Tensor) -> Tensor:
        if self.change == "value":
            return self.a * torch.where(before, self.v_reset, v) + current
        h = self.a * v + current
        return h - before.float() * self.drops if self.change == "subtract" else h

    def _undelayed(self, h: Tensor, spikes: Tensor) -> Tensor:
        if self.change == "none":
            return h
        return h - spikes * (self.drops if self.change == "subtract" else h)
