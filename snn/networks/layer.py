"""One layer of a network: a linear operator, perhaps pooling, and spiking neurons."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from spikeatlas.snn.networks.folded import can_fold, folded_currents
from spikeatlas.snn.neurons import RepresentingNeuron, SpikingNeuron, State
from spikeatlas.snn.norms import Norm

Operator = TypeVar("Operator", bound=nn.Module)
Pool = Literal["max", "average", "none"]
_POOLS: dict[Pool, Callable[[], nn.MaxPool2d | nn.AvgPool2d | None]] = {
    "max": lambda: nn.MaxPool2d(2),
    "average": lambda: nn.AvgPool2d(2),
    "none": lambda: None,
}

# A matrix product adds up the rows and columns that do not fill its kernel's block in another order, so
# that a row's bits depend on where it stands. Measured with torch 2.15 on an AMD EPYC (205 of 850 shapes
# differ, none with blocks of 16; blocks of 8 leave 82) and with MKL 2024.2, AVX-512.
_BLOCK = 16


class SteadyLinear(nn.Linear):
    """nn.Linear whose output for an image is the same bits wherever the image stands in its batch.

    Rows and outputs are filled up with zeros to whole blocks of the matrix product.
    """

    def forward(self, inputs: Tensor) -> Tensor:
        """Outputs (n, out_features) of inputs (n, in_features)."""
        rows, outputs = -len(inputs) % _BLOCK, -self.out_features % _BLOCK
        filled_up = F.pad(inputs, (0, 0, 0, rows)) if rows else inputs
        weight = F.pad(self.weight, (0, 0, 0, outputs)) if outputs else self.weight
        bias = self.bias if self.bias is None or not outputs else F.pad(self.bias, (0, outputs))
        filled = F.linear(filled_up, weight, bias)
        return filled[: len(inputs), : self.out_features]


class SpikingLayer(nn.Module):
    """Flatten (perhaps), convolution or linear operator, pool of 2x2, normalisation (perhaps), neurons.

    Everything a faster evaluation needs is in the open: ``operator``, ``pool`` (or None),
    ``flatten``, ``norm`` (or None) and ``neuron``. The pool stands before the neurons: it picks the
    largest current, or their mean, not the or of spikes.
    """

    operator: nn.Conv2d | SteadyLinear
    pool: nn.MaxPool2d | nn.AvgPool2d | None
    norm: Norm | None
    neuron: SpikingNeuron
    units: Tensor | None
    """Of a layer that was cut (``snn.surgery``): the numbers (units,) that its units had before; None: it is whole."""

    def __init__(
        self,
        name: str,
        operator: nn.Conv2d | SteadyLinear,
        neuron: SpikingNeuron,
        *,
        pool: Pool = "none",
        flatten: bool = False,
        norm: Norm | None = None,
    ) -> None:
        super().__init__()
        self.name = name
        # part of the checkpoint of a layer that was cut, and of no other
        self.register_buffer("units", None)
        self.flatten = flatten
        self.operator = operator
        self.pool = _POOLS[pool]()
        self.norm = norm
        self.neuron = neuron

    @property
    def size(self) -> int:
        """Neurons: channels of the map, or units."""
        if isinstance(self.operator, nn.Conv2d):
            return self.operator.out_channels
        return self.operator.out_features

    def currents(self, inputs: Tensor) -> Tensor:
        """Currents of one time step before they are normalised, (n, channels, h, w) or (n, units)."""
        currents: Tensor = self.operator(inputs.flatten(1) if self.flatten else inputs)
        if self.pool is not None:
            currents = self.pool(currents)
        return currents

    def folded(self, inputs: Tensor) -> Tensor:
        """Currents (T, n, ...) of all time steps (T, n, ...): those of ``currents``, bit for bit."""
        frames = inputs.flatten(0, 1)
        if not can_fold(self.operator, self.pool, frames):
            return self.operated(inputs)
        operator, still = cast("nn.Conv2d", self.operator), len(inputs) == 1
        currents = folded_currents(operator, self.pool, frames, still=still)
        return currents.unflatten(0, inputs.shape[:2])

    def operated(self, inputs: Tensor) -> Tensor:
        """Do what ``folded`` does in operations of torch's alone."""
        return self.currents(inputs.flatten(0, 1)).unflatten(0, inputs.shape[:2])

    def normalise(self, currents: Tensor, time_steps: int) -> Tensor:
        """Currents as the neurons get them, (T, n, ...), or (1, n, ...) where they are constant."""
        if self.norm is None:
            return currents
        if self.norm.timed:
            currents = currents.expand(time_steps, *currents.shape[1:])
        normalised: Tensor = self.norm(currents)
        return normalised

    def forward(self, inputs: Tensor, time_steps: int) -> Tensor:
        """Spikes (time_steps, n, ...) of inputs (time_steps, n, ...), or (1, n, ...) if constant.

        The operator runs once over all steps, and only once over a constant input; the neurons run
        over the whole sequence in one pass.
        """
        if self._represents and len(inputs) > 1 and torch.is_grad_enabled():
            return self._represented(inputs, time_steps)
        currents = self.folded(inputs)
        return self.neuron.run(self.normalise(currents, time_steps), time_steps)

    @property
    def _represents(self) -> bool:
        """Tell whether all before the neurons maps what spikes represent as it maps each step's spikes."""
        linear = self.norm is None and not isinstance(self.pool, nn.MaxPool2d)
        return linear and isinstance(self.neuron, RepresentingNeuron)

    def _represented(self, inputs: Tensor, time_steps: int) -> Tensor:
        """Spikes (time_steps, n, ...) of inputs (time_steps, n, ...), for neurons whose gradient has no time.

        The same gradient as over all steps, of one pass backward through the operator in place of one a step.
        """
        neuron = cast("RepresentingNeuron", self.neuron)
        with torch.no_grad():
            currents = self.folded(inputs)
        numbers = self.currents(neuron.represented(inputs, time_steps))
        return neuron.represent(numbers, currents, time_steps)


def unroll(
    layers: Sequence[SpikingLayer], inputs: Tensor, time_steps: int
) -> Iterator[list[Tensor]]:
    """Spikes (n, ...) of every layer, step after step, as snnTorch's own loop has them.

    ``inputs``: (T, n, c, h, w), or (1, n, c, h, w) if constant. This is the plain loop over time.
    """
    neurons = [layer.neuron.private() for layer in layers]
    states: list[State] = [None] * len(layers)
    for step in range(time_steps):
        spikes, row = inputs[step if len(inputs) > 1 else 0], []
        for place, layer in enumerate(layers):
            currents = layer.currents(spikes)
            if layer.norm is not None:
                currents = layer.norm(currents[None], step)[0]
            spikes, states[place] = neurons[place].step(currents, states[place])
            row.append(spikes)
        yield row


def convolution(
    inputs: int, outputs: int, kernel: int, *, stride: int = 1, bias: bool = True
) -> nn.Conv2d:
    """Convolution that keeps the map's size, but for its stride, its weights not yet set."""
    operator = nn.Conv2d(
        inputs, outputs, kernel, stride, padding=kernel // 2, bias=bias, device="meta"
    )
    return _unset(operator)


def linear(inputs: int, outputs: int, *, bias: bool = True) -> SteadyLinear:
    """Linear operator, its weights not yet set."""
    return _unset(SteadyLinear(inputs, outputs, bias=bias, device="meta"))


def _unset(operator: Operator) -> Operator:
    """Give an operator of the meta device memory, its numbers not yet set.

    As torch's ``skip_init``, which loads a symbolic algebra for it, half a second in every process.
    """
    for name, parameter in operator.named_parameters():
        setattr(operator, name, nn.Parameter(torch.empty(parameter.shape)))
    return operator
