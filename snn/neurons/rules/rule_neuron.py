"""Neurons of a rule as a torch module: what a network that is read from a file is built of."""

from __future__ import annotations

from torch import Tensor

from spikeatlas.snn.neurons.base import SpikingNeuron, State
from spikeatlas.snn.neurons.rules.rule import EXTRAS, VALUES, Rule
from spikeatlas.snn.neurons.rules.rule_run import run_rule


class RuleNeuron(SpikingNeuron):
    """The neurons of one layer, stepped by a rule; the values of the rule are buffers.

    Called with the currents (n, ...) of one step and the state before it (None: before the first), it returns spikes
    and state. It keeps no state of its own, and has no gradient in ``run``.
    """

    def __init__(self, rule: Rule) -> None:
        super().__init__()
        self._kind = rule
        for name in VALUES:
            # its own: loading a state writes into it, and rules share their defaults
            self.register_buffer(name, getattr(rule, name).clone())
        for name in EXTRAS:
            value = getattr(rule, name)
            if value is not None:
                self.register_buffer(name, value.clone())

    @property
    def rule(self) -> Rule:
        """The rule, with the values that the buffers hold now."""
        kind = self._kind
        values = {name: getattr(self, name) for name in VALUES}
        values |= {name: getattr(self, name, None) for name in EXTRAS}
        return Rule(kind.charge, kind.compare, kind.change, kind.when, **values)

    def forward(self, current: Tensor, state: State = None) -> tuple[Tensor, State]:
        """Spikes and state (n, ...) one step later."""
        return self.step(current, state)

    def step(self, current: Tensor, state: State) -> tuple[Tensor, State]:
        """See ``SpikingNeuron``."""
        rule = self.rule
        return rule.step(current, rule.initial(current) if state is None else state)

    def run(self, currents: Tensor, time_steps: int) -> Tensor:
        """See ``SpikingNeuron``: in one compiled pass, without gradient; step by step where that cannot run."""
        if currents.is_cuda:
            return self.unroll(currents, time_steps)[0]
        return run_rule(self.rule, currents, time_steps)
