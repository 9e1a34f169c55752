"""Links inside a layer's populations: the spikes of one step are part of the next step's currents."""

from __future__ import annotations

import copy
from typing import Literal, Self

import torch
from torch import Tensor, nn

from spikeatlas.snn.layer_info import Unit
from spikeatlas.snn.neurons.base import SpikingNeuron, State, muted

Links = Literal["none", "full", "no-self", "no-lateral", "bias", "self"]
"""Intra-layer links and their ablations: ``full``, W and b; ``no-self``, W without its diagonals, and b;
``no-lateral``, the diagonals of W, and b; ``bias``, b alone; ``self``, the diagonals alone; or ``none``."""

LATERAL = ("full", "no-self", "no-lateral", "self")
"""Links that carry spikes, from each step to the next."""


class IntraLayerNeuron(SpikingNeuron):
    """Neurons of any kind, each population of which is linked within itself (Chen et al. 2024, arXiv 2401.05444).

    ``currents_t += W s_{t-1} + b``, where ``weight`` W (populations, P, P) joins the P neurons of a population, from
    the last axis to the one before, and no two populations; ``bias`` b (populations, P). Neurons stand population
    after population. Spikes count in units of their height. The state is that of the neurons, and their last spikes.
    """

    allowed: Tensor

    def __init__(self, neurons: SpikingNeuron, populations: int, size: int, links: Links) -> None:
        super().__init__()
        self.neurons, self.links = neurons, links
        self.signed, self.spiking = neurons.signed, neurons.spiking
        self._mute: tuple[int, ...] = ()
        bound = size**-0.5
        self.weight: nn.Parameter | None = None
        if links in LATERAL:
            self.register_buffer("allowed", _allowed(size, links))
            weight = torch.empty(populations, size, size).uniform_(-bound, bound)
            self.weight = nn.Parameter(weight * self.allowed)
        self.bias: nn.Parameter | None = None
        if links not in ("none", "self"):
            self.bias = nn.Parameter(torch.empty(populations, size).uniform_(-bound, bound))

    @property
    def height(self) -> float | Tensor:  # type: ignore[override]  # of the contract's attribute: theirs
        """See ``SpikingNeuron``."""
        return self.neurons.height

    def relative(self, spikes: Tensor) -> Tensor:
        """See ``SpikingNeuron``."""
        return self.neurons.relative(spikes)

    def step(self, current: Tensor, state: State) -> tuple[Tensor, State]:
        """See ``SpikingNeuron``."""
        return self._step(current, state, self._matrix())

    def _matrix(self) -> Tensor | None:
        """Weights (populations, P, P) of the links that there are."""
        return None if self.weight is None else self.weight * self.allowed

    def _step(self, current: Tensor, state: State, matrix: Tensor | None) -> tuple[Tensor, State]:
        inner, before = (None, None) if state is None else state
        current = self._biased(current)
        if before is not None and matrix is not None:
            rows = self.relative(before).unflatten(1, (len(matrix), 1, -1))
            # no matrix product: that adds up in an order that hangs on the number of images
            current = current + (rows * matrix).sum(-1).flatten(1)
        spikes, inner = self.neurons.step(current, inner)
        spikes = muted(spikes, self._mute)
        return spikes, (inner, spikes)

    def _biased(self, currents: Tensor) -> Tensor:
        return currents if self.bias is None else currents + self.bias.flatten()

    def run(self, currents: Tensor, time_steps: int) -> Tensor:
        """See ``SpikingNeuron``: in one pass where no link carries spikes."""
        matrix = self._matrix()
        if matrix is None:
            return muted(self.neurons.run(self._biased(currents), time_steps), self._mute, axis=2)
        neurons, state = self.private(), None
        spikes = []
        for step in range(time_steps):
            row, state = neurons._step(  # noqa: SLF001 - neurons of this class
                currents[step if len(currents) > 1 else 0], state, matrix
            )
            spikes.append(row)
        return torch.stack(spikes)

    def private(self) -> Self:
        """See ``SpikingNeuron``."""
        return self._with(self.neurons.private())

    def without(self, index: int) -> Self:
        """See ``SpikingNeuron``."""
        neurons = self._with(self.neurons.without(index) or self.neurons)
        neurons._mute = (*self._mute, index)  # noqa: SLF001 - a copy of our own
        return neurons

    def _with(self, neurons: SpikingNeuron) -> Self:
        """Return the same links of other neurons."""
        other = copy.copy(self)
        # the copy shares this table with the module: it gets one of its own
        other.__dict__["_modules"] = {**self.__dict__["_modules"], "neurons": neurons}
        return other

    def unit(self, time_steps: int, map_: tuple[int, ...]) -> Unit:
        """See ``SpikingNeuron``."""
        return self.neurons.unit(time_steps, map_)


def _allowed(size: int, links: Links) -> Tensor:
    """Return which links (P, P) of a population there are, as 0 and 1."""
    diagonal = torch.eye(size)
    if links == "full":
        return torch.ones_like(diagonal)
    return 1 - diagonal if links == "no-self" else diagonal
