"""Nodes of NIR as torch modules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spikeatlas.snn.graph.nir_neurons import CubaLIFNeuron, NIRNeuron
from spikeatlas.snn.networks.layer import SteadyLinear
from spikeatlas.snn.neurons import Rule

NEURONS = ("LIF", "IF", "CubaLIF")
"""Nodes that spike."""


class ScaleNode(nn.Module):
    """Inputs times a factor, one or one a neuron."""

    def __init__(self, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("scale", scale)
        self.scale: Tensor

    def forward(self, inputs: Tensor) -> Tensor:
        """(n, ...) of (n, ...)."""
        return inputs * self.scale


def node_module(name: str, node: Any, dt: float) -> nn.Module:
    """Return the module of a node; neurons take steps of ``dt`` seconds.

    ValueError, one sentence, for nodes that have none here, and for parameters that are not finite.
    """
    kind = type(node).__name__
    if kind not in _MODULES:
        raise ValueError(
            f"node {name!r} is a {kind}, which is not read here; nodes may be {', '.join(READ)}, and subgraphs."
        )
    numbers = _Numbers(name, node, dt)
    return _MODULES[kind](numbers)


class _Numbers:
    """Parameters of a node."""

    def __init__(self, name: str, node: Any, dt: float) -> None:
        self.name, self.node, self.dt = name, node, dt

    def array(self, field: str) -> NDArray[np.float64]:
        """Return a parameter in float64."""
        values = np.asarray(getattr(self.node, field), np.float64)
        if not np.isfinite(values).all():
            mend = "a neuron without leak is written as IF" if field == "tau" else "export it anew"
            raise ValueError(f"{field} of node {self.name!r} is not finite; {mend}.")
        return values

    def tensor(self, field: str) -> Tensor:
        """Return a parameter in float32."""
        return single(self.array(field))

    def rate(self, field: str) -> Tensor:
        """Return dt over a time constant, divided in float64, as float32."""
        values = self.array(field)
        if not (values > 0).all():
            raise ValueError(f"{field} of node {self.name!r} must be positive, in seconds.")
        return single(self.dt / values)

    def sizes(self, field: str) -> Any:
        """Return a number, or one a side, or the name of a padding."""
        value = getattr(self.node, field)
        if isinstance(value, bytes | str):
            return value.decode() if isinstance(value, bytes) else value
        values = np.asarray(value).astype(int)
        return int(values) if values.ndim == 0 else tuple(values.tolist())

    def number(self, field: str) -> int:
        """Return one number."""
        return int(np.asarray(getattr(self.node, field)))


def single(values: NDArray[np.float64]) -> Tensor:
    """Return numbers in float32."""
    return torch.from_numpy(np.array(values, np.float32))


def _linear(numbers: _Numbers, *, bias: bool) -> nn.Module:
    weight = numbers.tensor("weight")
    if weight.dim() != 2:
        raise ValueError(
            f"weight of node {numbers.name!r} has shape {tuple(weight.shape)}: it must be (outputs, inputs)."
        )
    module = SteadyLinear(weight.shape[1], weight.shape[0], bias=bias)
    return _with_weights(module, weight, numbers.tensor("bias") if bias else None)


def _convolution(numbers: _Numbers, module: type[nn.Conv1d | nn.Conv2d]) -> nn.Module:
    weight, groups = numbers.tensor("weight"), numbers.number("groups")
    operator = module(
        weight.shape[1] * groups,
        weight.shape[0],
        tuple(weight.shape[2:]),  # type: ignore[arg-type]
        stride=numbers.sizes("stride"),
        padding=numbers.sizes("padding"),
        dilation=numbers.sizes("dilation"),
        groups=groups,
    )
    return _with_weights(operator, weight, numbers.tensor("bias"))


def _with_weights(
    module: nn.Linear | nn.Conv1d | nn.Conv2d, weight: Tensor, bias: Tensor | None
) -> nn.Module:
    module.weight = nn.Parameter(weight, requires_grad=False)
    if bias is not None:
        module.bias = nn.Parameter(bias.expand(len(weight)).clone(), requires_grad=False)
    return module


def _pool(numbers: _Numbers, divisor: int | None) -> nn.Module:
    """Average over windows with the padding's zeros; a sum is the average with the divisor 1."""
    kernel, stride, padding = (
        numbers.sizes(field) for field in ("kernel_size", "stride", "padding")
    )
    return nn.AvgPool2d(kernel, stride, padding, divisor_override=divisor)


def _flatten(numbers: _Numbers) -> nn.Module:
    """NIR counts axes without that of the batch."""
    first, last = numbers.number("start_dim"), numbers.number("end_dim")
    return nn.Flatten(first + 1 if first >= 0 else first, last + 1 if last >= 0 else last)


def _lif(numbers: _Numbers) -> nn.Module:
    return NIRNeuron(
        Rule(
            "euler",
            ">",
            "value",
            a=numbers.rate("tau"),
            b=numbers.tensor("r"),
            c=numbers.tensor("v_leak"),
            theta=numbers.tensor("v_threshold"),
            v_reset=numbers.tensor("v_reset"),
        )
    )


def _if(numbers: _Numbers) -> nn.Module:
    return NIRNeuron(
        Rule(
            "gain",
            ">",
            "value",
            b=single(numbers.dt * numbers.array("r")),
            theta=numbers.tensor("v_threshold"),
            v_reset=numbers.tensor("v_reset"),
        )
    )


def _cuba_lif(numbers: _Numbers) -> nn.Module:
    fields = {"w_in": "w_in", "v_leak": "v_leak", "r": "r", "theta": "v_threshold"}
    parameters = {name: numbers.tensor(field) for name, field in fields.items()}
    return CubaLIFNeuron(
        {
            **parameters,
            "k_syn": numbers.rate("tau_syn"),
            "k_mem": numbers.rate("tau_mem"),
            "v_reset": numbers.tensor("v_reset"),
        }
    )


_MODULES: Mapping[str, Callable[[_Numbers], nn.Module]] = {
    "Input": lambda _: nn.Identity(),
    "Output": lambda _: nn.Identity(),
    "Passage": lambda _: nn.Identity(),
    "Affine": lambda numbers: _linear(numbers, bias=True),
    "Linear": lambda numbers: _linear(numbers, bias=False),
    "Conv1d": lambda numbers: _convolution(numbers, nn.Conv1d),
    "Conv2d": lambda numbers: _convolution(numbers, nn.Conv2d),
    "AvgPool2d": lambda numbers: _pool(numbers, None),
    "SumPool2d": lambda numbers: _pool(numbers, 1),
    "Flatten": _flatten,
    "Scale": lambda numbers: ScaleNode(numbers.tensor("scale")),
    "LIF": _lif,
    "IF": _if,
    "CubaLIF": _cuba_lif,
}
"""Makers of modules, by the name of a node's class; a passage is an end of a subgraph."""

READ = tuple(kind for kind in _MODULES if kind != "Passage")
"""Nodes that are read, by the name of their class."""
