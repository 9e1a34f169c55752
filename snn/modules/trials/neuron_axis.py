"""Axis of the neurons in an output of two axes behind the images': (channels, places) or (tokens, features).

A convolution gives the first, a linear operator on tokens the second, and an activation has what it got. It is read off
the torch modules that were called, never off the sizes alone.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any, Literal

from torch import Tensor, nn

from spikeatlas.snn.modules.drive import first_tensor
from spikeatlas.snn.modules.neuron_modules import is_neuron

NeuronAxis = Literal["first", "last"]
"""``first``: neurons stand right behind the images, as channels do; ``last``: behind their positions, as features do."""

_LAST = (
    nn.Linear,
    nn.Bilinear,
    nn.Embedding,
    nn.LayerNorm,
    nn.RMSNorm,
    nn.MultiheadAttention,
    nn.RNNBase,
    nn.TransformerEncoderLayer,
    nn.TransformerDecoderLayer,
)
_FIRST = (
    nn.modules.conv._ConvNd,  # noqa: SLF001 - torch's base class of all convolutions
    nn.modules.batchnorm._NormBase,  # noqa: SLF001 - and of all norms of channels
    nn.GroupNorm,
    nn.modules.pooling._MaxPoolNd,  # noqa: SLF001
    nn.modules.pooling._AvgPoolNd,  # noqa: SLF001
    nn.modules.pooling._AdaptiveMaxPoolNd,  # noqa: SLF001
    nn.modules.pooling._AdaptiveAvgPoolNd,  # noqa: SLF001
)
_NORMS = (nn.LayerNorm, nn.RMSNorm)
_WIDTHS = ("out_features", "embedding_dim", "embed_dim", "hidden_size", "proj_size")


class NeuronAxes:
    """Axes of the outputs of one call of a module, told as its parts are called."""

    def __init__(self) -> None:
        self._outputs: dict[int, tuple[weakref.ref[Tensor], NeuronAxis]] = {}
        self._shapes: dict[tuple[int, ...], set[NeuronAxis]] = {}
        self._channels: set[int] = set()
        self._features: set[int] = set()
        self.latest: NeuronAxis | None = None
        """Of the part that was called last; None where nothing says it."""

    def note(self, module: nn.Module, inputs: Any, output: Any) -> None:
        """Tell the axis of a part's output; a forward hook."""
        self.latest = None
        tensor = first_tensor(output)
        if tensor is None:
            return
        self.latest = self._axis(module, first_tensor(inputs), tensor)
        self._channels |= _channels(module)
        self._features |= _features(module)
        if self.latest is not None:
            self._outputs[id(tensor)] = weakref.ref(tensor), self.latest
            self._shapes.setdefault(tuple(tensor.shape[1:]), set()).add(self.latest)

    def _axis(self, module: nn.Module, before: Tensor | None, output: Tensor) -> NeuronAxis | None:
        """By the class of a module; by its last part, whose output it returns; by what it got; by its parts."""
        axis = own_axis(module) or self._of(output)
        is_leaf = is_neuron(module) or next(module.children(), None) is None
        if axis is None and is_leaf and before is not None and before.shape == output.shape:
            axis = self._of(before)
        if axis is None and not is_leaf:
            axis = _axis_of_parts(module, output)
        return axis or self._agreed(output)

    def _of(self, tensor: Tensor) -> NeuronAxis | None:
        reference, axis = self._outputs.get(id(tensor), (None, None))
        # an id may be that of a tensor that is no more
        return axis if reference is not None and reference() is tensor else None

    def _agreed(self, tensor: Tensor) -> NeuronAxis | None:
        """Axis of all outputs of this shape so far, as of a sum of two, else the axis of a width that a part has.

        None where the evidence is of two minds, as where both axes are as long.
        """
        if tensor.dim() < 3 or tensor.shape[-1] == tensor.shape[-2]:
            return None
        axes = self._shapes.get(tuple(tensor.shape[1:])) or self._by_width(tensor)
        return next(iter(axes)) if len(axes) == 1 else None

    def _by_width(self, tensor: Tensor) -> set[NeuronAxis]:
        """Axes that are as long as a convolution called so far has channels, or a linear operator features."""
        fits: dict[NeuronAxis, bool] = {
            "first": tensor.shape[-2] in self._channels,
            "last": tensor.shape[-1] in self._features,
        }
        return {axis for axis, fit in fits.items() if fit}


def own_axis(module: nn.Module) -> NeuronAxis | None:
    """Tell the axis that a module of torch gives its neurons by its class; None for other classes."""
    if isinstance(module, _NORMS):
        # those of several axes, and subclasses that move the axes around, say nothing
        plain = type(module).forward in {norm.forward for norm in _NORMS}
        return "last" if plain and len(module.normalized_shape) == 1 else None
    if isinstance(module, _LAST):
        return "last"
    return "first" if isinstance(module, _FIRST) else None


def _axis_of_parts(module: nn.Module, output: Tensor) -> NeuronAxis | None:
    """Axis that all parts of a block have, if the width of one of them is the output's there."""
    parts = list(module.modules())
    axes = {own_axis(part) for part in parts} - {None}
    if axes == {"last"} and any(output.shape[-1] in _features(part) for part in parts):
        return "last"
    if axes == {"first"} and any(_channels(part) & set(output.shape[1:-1]) for part in parts):
        return "first"
    return None


def _channels(module: nn.Module) -> set[int]:
    """Numbers of channels that a module gives."""
    if own_axis(module) != "first":
        return set()
    return _numbers(module, ("out_channels", "num_features", "num_channels"))


def _features(module: nn.Module) -> set[int]:
    """Sizes that a module gives its last axis."""
    if own_axis(module) != "last":
        return set()
    if isinstance(module, _NORMS):
        return {int(module.normalized_shape[-1])}
    widths = _numbers(module, _WIDTHS)
    return widths | {2 * width for width in widths if isinstance(module, nn.RNNBase)}


def _numbers(module: nn.Module, names: Sequence[str]) -> set[int]:
    return {number for name in names if isinstance(number := getattr(module, name, None), int)}
