"""Modules that are layers: neurons of the libraries that a process has loaded, else activations that are never negative."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import nn

from spikeatlas.snn.sentences import near

_LIBRARIES = {
    "snntorch": ("SpikingNeuron",),
    "spikingjelly.activation_based.neuron": ("BaseNode", "SimpleBaseNode"),
    "norse.torch.module.snn": ("SNN", "SNNCell", "SNNRecurrent", "SNNRecurrentCell"),
}
"""Base classes of neurons, by the module that has them. None is imported here."""

ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.Sigmoid, nn.Hardsigmoid, nn.Softplus)
"""Activations that are never negative."""


@dataclass(frozen=True)
class Place:
    """A place in a network where a module is called."""

    path: str
    """Of the module."""
    use: int | None = None
    """Number of the call in one time step, from 1; None: all there are."""

    @classmethod
    def of(cls, text: str) -> Place:
        """Read ``path`` or ``path#2``."""
        path, mark, use = text.rpartition("#")
        return cls(path, int(use)) if mark and use.isdigit() else cls(text)


def is_neuron(module: nn.Module | None) -> bool:
    """Tell whether a module is a neuron of snnTorch, SpikingJelly or norse."""
    return isinstance(module, _neuron_classes())


def is_never_negative(module: nn.Module) -> bool:
    """Tell whether a module is an activation whose values are 0 or more."""
    return isinstance(module, ACTIVATIONS)


def named_places(
    module: nn.Module, layers: str | Sequence[str] | Mapping[str, str]
) -> dict[str, Place]:
    """Return the places that are layers, by their names, in the order of the module's parts.

    ``layers``: "auto", paths, or paths by name. ValueError where auto finds none, or a path is not in the module.
    """
    if layers == "auto":
        return {path: Place(path) for path in _automatic(module)}
    pairs = layers if isinstance(layers, Mapping) else {path: path for path in layers}
    places = {name: Place.of(text) for name, text in pairs.items()}
    paths = dict(module.named_modules(remove_duplicate=False))
    for place in places.values():
        if place.path not in paths:
            raise ValueError(
                f"network.layers names {place.path!r}, but the module has no such part"
                f"{near(place.path, paths)}; its first parts are {', '.join(list(paths)[1:9])}."
            )
    if not places:
        raise ValueError("network.layers is empty: name at least one module, or write auto.")
    return places


def _automatic(module: nn.Module) -> list[str]:
    parts = module.named_modules()
    paths = neuron_paths(module) or [path for path, part in parts if is_never_negative(part)]
    if not paths:
        raise ValueError(
            "no neuron module found: name modules in network.layers, or use nn.ReLU in place of F.relu."
        )
    return paths


def neuron_paths(module: nn.Module) -> list[str]:
    """Paths of the libraries' neurons; of neurons that are made of others, the outermost."""
    neurons = [path for path, part in module.named_modules() if is_neuron(part)]
    return [path for path in neurons if not any(_within(path, other) for other in neurons)]


def _within(path: str, other: str) -> bool:
    return path != other and (not other or path.startswith(f"{other}."))


def _neuron_classes() -> tuple[type[nn.Module], ...]:
    """Return the base classes of neurons of the libraries that are loaded."""
    return tuple(
        getattr(sys.modules[library], name)
        for library, names in _LIBRARIES.items()
        if library in sys.modules
        for name in names
        if hasattr(sys.modules[library], name)
    )
