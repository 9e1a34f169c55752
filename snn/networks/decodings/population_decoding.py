"""Several output neurons a class: populations, which may be linked within themselves."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from spikeatlas.snn.networks.base import Width
from spikeatlas.snn.networks.decodings.base import (
    DecodingSpec,
    OutputReadout,
    PlainReadout,
    alike_problems,
)
from spikeatlas.snn.neurons import (
    LATERAL,
    IntraLayerNeuron,
    Links,
    NeuronSite,
    NeuronSpec,
    SpikingNeuron,
)
from spikeatlas.snn.registry import SPEC


class PopulationReadout(OutputReadout):
    """One integrator a class, without leak and without spikes: m_t = m_{t-1} + w . s_t + b, read at the last step.

    ``weight`` w (classes, P) weighs the spikes s of the class's population; ``bias`` b (classes,) (Chen et al. 2024,
    arXiv 2401.05444). The last m is w . (spike counts) + T b.
    """

    def __init__(self, classes: int, size: int) -> None:
        super().__init__(classes)
        bound = size**-0.5
        self.weight = nn.Parameter(torch.empty(classes, size).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(classes).uniform_(-bound, bound))

    def forward(self, spikes: Tensor) -> Tensor:
        """See ``OutputReadout``."""
        counts = spikes.sum(0).unflatten(1, self.weight.shape)
        return (counts * self.weight).sum(-1) + len(spikes) * self.bias


@dataclass(frozen=True, config=SPEC)
class PopulationDecoding(DecodingSpec):
    """A population of output neurons for each class: neurons 0 to size - 1 for the first, and so on.

    More outputs let a network do with fewer time steps (Sun et al. 2022, snnTorch on IPUs). A population may be linked
    within itself, and read by an integrator that does not spike (Chen et al. 2024, arXiv 2401.05444).
    """

    kind: Literal["population"] = "population"
    size: Width = 10
    """Neurons of each population, P (>= 1)."""
    links: Links = "none"
    """Currents from a population's last spikes, W s + b, W and b learned: ``full``; ``no-self``, no neuron to itself;
    ``no-lateral``, each to itself alone; ``bias``, b without W; ``self``, each to itself without b; or ``none``."""
    read: Literal["rate", "membrane"] = "rate"
    """A class's score: its population's mean spike count (``rate``), or the last membrane of an integrator, with
    learned weights, that gets its spikes (``membrane``)."""

    def problems(self, neuron: NeuronSpec, time_steps: int) -> list[str]:
        """See ``DecodingSpec``."""
        sentences = []
        if self.links in LATERAL and neuron.whole_gradient:
            sentences.append(
                f"links are {self.links}, which go from step to step, but {neuron.kind} neurons learn over the whole "
                "sequence at once; set links to none or bias, or choose another neuron"
            )
        sentences += alike_problems(self.kind, neuron)
        if self.links in LATERAL and time_steps < 2:
            sentences.append(
                f"links are {self.links}, but one time step has no spikes before it; "
                "set network.time_steps to 2 or more, or links to none or bias"
            )
        if self.links == "no-self" and self.size == 1:
            sentences.append(
                "links are no-self, but a population of size 1 has no other neuron to link; "
                "set size to 2 or more, or links to none or bias"
            )
        return sentences

    def outputs(self, classes: int) -> int:
        """See ``DecodingSpec``."""
        return classes * self.size

    def output_neurons(self, neuron: NeuronSpec, site: NeuronSite) -> SpikingNeuron:
        """See ``DecodingSpec``: those of all layers, linked."""
        neurons = neuron.build(site)
        if self.links == "none":
            return neurons
        return IntraLayerNeuron(neurons, site.shape[0] // self.size, self.size, self.links)

    def readout(self, classes: int, time_steps: int) -> OutputReadout:
        """See ``DecodingSpec``."""
        del time_steps
        if self.read == "membrane":
            return PopulationReadout(classes, self.size)
        return PlainReadout(self, classes)

    def scores(self, spikes: Tensor) -> Tensor:
        """Mean spike counts (n, classes) of the populations."""
        return spikes.sum(0).unflatten(1, (-1, self.size)).mean(2)
