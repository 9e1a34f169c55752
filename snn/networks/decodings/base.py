"""The contract of decodings: which neurons a network's output has, and how they are read."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar

from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from spikeatlas.snn.neurons import NeuronSite, NeuronSpec, SpikingNeuron
from spikeatlas.snn.registry import SPEC, Contract


class OutputReadout(nn.Module, ABC):
    """Turns the output layer's spikes into scores; what it learns are its parameters."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes

    @abstractmethod
    def forward(self, spikes: Tensor) -> Tensor:
        """Scores (n, classes), the largest for the class that is read, of output spikes (T, n, outputs).

        Spikes count in units of their height. The loss is the scores' cross-entropy.
        """


@dataclass(frozen=True, config=SPEC)
class DecodingSpec(Contract, ABC):
    """A reading of a network's output, as a study names it; a member adds its fields.

    One with parameters writes ``readout`` too.
    """

    kind: str
    spiking: ClassVar[bool] = True
    """False where the output layer is no layer of spikes: it then has no normalisation unless one is listed for it."""

    @property
    def plain(self) -> bool:
        """True where it reads any outputs, one a class: it makes no output neurons, and learns nothing."""
        member, names = type(self), ("outputs", "output_neurons", "readout")
        return all(getattr(member, name) is getattr(DecodingSpec, name) for name in names)

    def problems(self, neuron: NeuronSpec, time_steps: int) -> list[str]:
        """Say in sentences what keeps it from reading such neurons over so many time steps."""
        del neuron, time_steps
        return []

    def outputs(self, classes: int) -> int:
        """Return the neurons of the output layer (>= classes)."""
        return classes

    def output_neurons(self, neuron: NeuronSpec, site: NeuronSite) -> SpikingNeuron:
        """Make the output layer's neurons; by default those of all layers."""
        return neuron.build_output(site)

    def readout(self, classes: int, time_steps: int) -> OutputReadout:
        """Make the module that reads them."""
        del time_steps
        return PlainReadout(self, classes)

    @abstractmethod
    def scores(self, spikes: Tensor) -> Tensor:
        """Scores (n, classes) of output spikes (T, n, outputs): see ``OutputReadout``."""


class PlainReadout(OutputReadout):
    """A decoding without parameters."""

    def __init__(self, decoding: DecodingSpec, classes: int) -> None:
        super().__init__(classes)
        self.decoding = decoding

    def forward(self, spikes: Tensor) -> Tensor:
        """See ``OutputReadout``."""
        return self.decoding.scores(spikes)


def alike_problems(kind: str, neuron: NeuronSpec) -> list[str]:
    """Say in a sentence that spikes which weigh more the later they come are not to be counted alike."""
    share = neuron.representation_leak
    if not neuron.represents or share == 1:
        return []
    problem = (
        f"{neuron.kind} neurons represent a number by weighted spikes, which {kind} counts alike; set network.decoding to "
        f"{{kind: weighted-rate, tau: 1, dt: {-math.log(share):.6g}}}"
    )
    return [problem]
