"""The contract of spiking neurons: they turn a sequence of currents into a sequence of spikes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import torch
from pydantic.dataclasses import dataclass as specification
from torch import Tensor, nn

from spikeatlas.snn.layer_info import Unit, spike_unit
from spikeatlas.snn.neurons.surrogates import FastSigmoid, SurrogateSpec
from spikeatlas.snn.registry import SPEC, Contract

if TYPE_CHECKING:
    # the package of rules names this class
    from spikeatlas.snn.neurons.rules.rule import Rule

SHARED: Mapping[str, int] = MappingProxyType({})
"""Of neurons whose units have no tensors of their own (``SpikingNeuron.unit_axes``)."""
Reset = Literal["subtract", "zero"]
State = Any
"""Of neurons between two steps: a tensor, or several; None is rest."""


class SpikingNeuron(nn.Module):
    """The neurons of one layer.

    A subclass writes ``step``; where the whole sequence can be had faster, or has a gradient of its own,
    ``run`` too. The contract tests hold both together (``tests/snn/neurons/test_neurons.py``). No call
    changes the module, so threads may share it: what changes from step to step is the state, and a
    subclass whose ``step`` writes into its module says in ``private`` how to copy it.
    """

    height: float | Tensor = 1.0
    """Of one spike: every spike is 0 or this; a response counts spikes, whatever their height.

    A height that is learned is a property, () with its gradient.
    """
    signed: bool = False
    """True if spikes may be -height as well; responses then lie in [-1, 1]."""
    spiking: bool = True
    """False if what it hands on is no spike but a number, as a membrane; ``unit`` then says which."""
    unit_axes: Mapping[str, int] | None = None
    """Axis of the units in each tensor that has an entry for each of them, by the tensor's name; the others are shared by
    all units. None: no unit can be cut out, for what one does reaches others."""
    monotone: bool = False
    """True if larger currents never delay a unit's first spike: one that the largest there can be leaves silent, all do."""

    def step(self, current: Tensor, state: State) -> tuple[Tensor, State]:
        """Spikes (n, ...) of one step's currents (n, ...), and the state that the next step starts from."""
        raise NotImplementedError

    def private(self) -> Self:
        """Return neurons with the same parameters that one thread may step."""
        return self

    def unroll(
        self, currents: Tensor, time_steps: int, state: State = None
    ) -> tuple[Tensor, State]:
        """Spikes (T, n, ...) of currents (T, n, ...), or (1, n, ...) if constant, and the last state.

        Step by step, going on from ``state``: the reference that ``run`` equals.
        """
        neuron, spikes = self.private(), []
        for step in range(time_steps):
            spike, state = neuron.step(currents[step if len(currents) > 1 else 0], state)
            spikes.append(spike)
        return torch.stack(spikes), state

    def run(self, currents: Tensor, time_steps: int) -> Tensor:
        """Spikes (T, n, ...) of currents (T, n, ...), or (1, n, ...) if constant, from rest, with gradient."""
        return self.unroll(currents, time_steps)[0]

    def without(self, index: int) -> SpikingNeuron | None:
        """Return the same neurons, one of which never fires, where its spikes reach others of the layer.

        A convolution's neuron is a whole channel. None where they do not: it is enough then to leave its spikes out.
        """
        del index
        return None

    def unit(self, time_steps: int, map_: tuple[int, ...]) -> Unit:
        """Unit of responses: spikes a step and position of a map (h, w), () of units."""
        return spike_unit(time_steps, map_, signed=self.signed)

    @property
    def rule(self) -> Rule | None:
        """The rule that its steps in evaluation are, bit for bit, with the values they have now; None: it is none.

        A rule fires 0 and 1: what is handed on is that times ``height``. Neurons with a rule are computed by
        compiled loops; with another value of ``theta`` or ``drop``, say, for every channel, (channels, 1, 1).
        """
        return None

    @property
    def binary(self) -> bool:
        """True if every spike is 0 or 1."""
        return self.spiking and bool(self.height == 1) and not self.signed

    def relative(self, spikes: Tensor) -> Tensor:
        """Spikes in units of their height: 0 or 1, or -1 where they are signed."""
        return spikes if self.height == 1 else spikes / self.height


def muted(spikes: Tensor, neurons: tuple[int, ...], axis: int = 1) -> Tensor:
    """Return spikes without those of some neurons, which stand along an axis."""
    if not neurons:
        return spikes
    index = torch.tensor(neurons, device=spikes.device)
    return spikes.index_fill(axis, index, 0.0)


@dataclass(frozen=True)
class NeuronSite:
    """The layer that neurons are built for."""

    name: str
    """Of the layer."""
    shape: tuple[int, ...]
    """Of one image's currents: (channels, h, w), or (units,)."""
    time_steps: int
    beta: float
    """The study's ``network.beta`` for this layer, in [0, 1]."""
    threshold: float
    """Its ``network.threshold``, > 0."""
    reset: Reset = "subtract"
    """Its ``network.reset``."""
    surrogate: SurrogateSpec = field(default_factory=FastSigmoid)
    """The gradient of a spike, from ``training.surrogate``."""


@specification(frozen=True, config=SPEC)
class NeuronSpec(Contract, ABC):
    """Neurons, as a study names them; a member adds its fields.

    It says its equations and their source.
    """

    kind: str
    whole_gradient: ClassVar[bool] = False
    """True if these neurons have a gradient over the whole sequence, in ``run``, that no single step has."""
    methods: ClassVar[tuple[str, ...]] = ()
    """Names of the training methods that alone train these neurons; empty where any does."""
    represents: ClassVar[bool] = False
    """True if that gradient is one between numbers that spike trains represent: nothing may then scale steps apart."""
    one_length: ClassVar[bool] = False
    """True if what a layer hands on is whole after the time steps that it was trained for, and after no other number."""
    output_spikes: ClassVar[bool] = True
    """False if an output layer of these neurons does not spike: it then has no normalisation unless one is listed for it."""

    @property
    def representation_leak(self) -> float:
        """Weight of a step in the number that a train represents, in shares of the next step's; 1: all weigh alike."""
        return 1.0

    def problems(self, time_steps: int) -> list[str]:
        """Say in sentences what keeps these neurons from running so many time steps."""
        del time_steps
        return []

    def unit_problems(self) -> list[str]:
        """Say in sentences what keeps these neurons from a network all of whose layers are units, without maps."""
        return []

    def draw_weights(self, weight: Tensor, generator: torch.Generator) -> None:
        """Draw the weights of an operator before these neurons, in networks of kind ``chain``: of variance 1 / (2 fan-in).

        Half of He's standard deviation: a leaky membrane sums its current over about 1 / (1 - beta)
        steps, and with more most neurons fire at every step or never, where the surrogate gradient is
        flat (digits, 5 epochs: 0.97 test accuracy, against 0.68 with He's).
        """
        nn.init.kaiming_uniform_(weight, nonlinearity="relu", generator=generator)
        with torch.no_grad():
            weight.mul_(0.5)

    @abstractmethod
    def build(self, site: NeuronSite) -> SpikingNeuron:
        """Make the neurons of one layer."""

    def build_output(self, site: NeuronSite) -> SpikingNeuron:
        """Make those of the output layer, where they are others."""
        return self.build(site)
