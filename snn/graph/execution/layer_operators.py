"""Torch's operations over all time steps at once, with torch's own bits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere
from torch.nn.modules import batchnorm, pooling

from spikeatlas.snn.graph.execution.spike_convolution import SpikeConvolution
from spikeatlas.snn.graph.execution.values import Value, repeated
from spikeatlas.snn.graph.operations import ELEMENTWISE, computed
from spikeatlas.snn.graph.step_graph import BatchSize, Output, StepNode, replaced

Values = Mapping[str, Value]


class Convolution:
    """A two-dimensional convolution, in the layout of memory that is faster where it gives the same bits.

    That is tried once for each shape, on random numbers: wide convolutions sum in another order with their channels
    closest in memory, narrow ones do not, and gain most. Without ``exact`` it is the faster layout for all.
    """

    def __init__(self, module: nn.Conv2d, *, spikes: bool, exact: bool = True) -> None:
        """``spikes``: True if its inputs are 0 or 1, most of them 0."""
        self._module, self._spikes, self._exact = module, spikes, exact
        fits = spikes and SpikeConvolution.fits(module)
        self._sums = SpikeConvolution(module, exact=exact) if fits else None
        self._last = module.weight.detach().contiguous(memory_format=torch.channels_last)
        self._agrees: dict[tuple[int, ...], bool] = {}

    def __call__(self, inputs: Tensor) -> Tensor:
        """Currents (n, channels, h, w) of maps (n, c, h, w)."""
        currents = None if self._sums is None else self._sums(inputs)
        return self._dense(inputs) if currents is None else currents

    def _dense(self, inputs: Tensor) -> Tensor:
        shape = tuple(inputs.shape)
        if shape not in self._agrees:
            self._agrees[shape] = not self._exact or self._try(shape)
        return self._in_last(inputs) if self._agrees[shape] else self._in_torch(inputs)

    def _try(self, shape: tuple[int, ...]) -> bool:
        inputs = torch.randn(shape, generator=torch.Generator().manual_seed(0))
        if self._spikes:
            inputs = (inputs > 1).float()
        return torch.equal(self._in_last(inputs), self._in_torch(inputs))

    def _in_last(self, inputs: Tensor) -> Tensor:
        laid = inputs.contiguous(memory_format=torch.channels_last)
        return self._module._conv_forward(laid, self._last, self._module.bias)  # noqa: SLF001 - its weight in another layout

    def _in_torch(self, inputs: Tensor) -> Tensor:
        currents: Tensor = self._module(inputs.contiguous())
        return currents


def is_plain_convolution(module: nn.Module) -> bool:
    """Return True for torch's Conv2d, or a library's that does in one step what torch's does."""
    if not isinstance(module, nn.Conv2d):
        return False
    library = type(module).__module__.startswith("spikingjelly.")
    return type(module) is nn.Conv2d or (library and type(module).__name__ == "Conv2d")


def module_function(
    module: nn.Module, *, spikes: bool, exact: bool = True
) -> Callable[[Tensor], Tensor]:
    """Return the function that calls a module: in the layout that keeps its bits, or in the faster one."""
    if isinstance(module, nn.Conv2d) and is_plain_convolution(module):
        return Convolution(module, spikes=spikes, exact=exact)
    if isinstance(module, batchnorm._BatchNorm | pooling._MaxPoolNd):  # noqa: SLF001 - torch's, each number or maximum alone
        return module
    # means and sums of maps go through memory in another order in another layout
    return lambda inputs: module(inputs.contiguous())


def call_operation(node: StepNode, values: Values, time_steps: int) -> Value:
    """Compute a function or method of a node, whose tensors may be constant, timed, or both."""
    sources = {name: values[name] for name in node.sources}
    timed = any(value.timed for value in sources.values())
    shared = bool(sources) and all(value.shared for value in sources.values())
    tensors = {
        name: repeated(value, time_steps) if timed and not value.shared else value.tensor
        for name, value in sources.items()
        if isinstance(value.tensor, Tensor)
    }
    if node.target not in ELEMENTWISE and node.target is not F.max_pool2d:
        tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
    rows = next((len(tensor) for name, tensor in tensors.items() if not sources[name].shared), 0)

    def replace(argument: Output | BatchSize) -> Any:
        if isinstance(argument, BatchSize):
            return rows
        return tensors.get(argument.node, values[argument.node].tensor)

    args, kwargs = replaced(node.args, replace), replaced(node.kwargs, replace)
    return Value(computed(node.target)(*args, **kwargs), timed, shared)
