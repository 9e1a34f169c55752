"""Cutting units out of a network, and fitting one to the units of a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from spikeatlas.snn.networks import Architecture, NetworkSpec, SpikingLayer, SpikingNetwork
from spikeatlas.snn.neurons import NeuronSite, SpikingNeuron
from spikeatlas.snn.norms import Norm, NormSite
from spikeatlas.snn.surgery.unit_tensors import unit_tensors

Select = Callable[[nn.Parameter, int, Tensor], None]
"""Keeps of what goes with a parameter (an optimiser's moments) the entries (n,) along an axis."""
_TINY = (1, 1, 1)
"""Shape of one image's currents, for parts that are built to be looked at."""


def keep_units(
    network: SpikingNetwork, units: Mapping[str, Sequence[int]], select: Select | None = None
) -> None:
    """Cut all units out of some layers but those at these places, ascending, of the layer as it is now.

    Parameters stay the same objects, without gradient. ``select`` is called before each of them changes.
    ``SpikingLayer.units`` says which units of the whole network a layer still has. ValueError for no
    unit, a place that the layer does not have, and layers that cannot be cut (``unit_tensors``).
    """
    for name, places in units.items():
        layer = network.upto([name])[-1]
        _require_places(layer, places)
        _keep(network, layer, torch.tensor(places, device=network.device), select)


def _require_places(layer: SpikingLayer, places: Sequence[int]) -> None:
    ascending = all(first < second for first, second in pairwise(places))
    if not places or not ascending or places[0] < 0 or places[-1] >= layer.size:
        raise ValueError(
            f"layer {layer.name!r} cannot be cut to units {list(places)}: give at least one of 0 to "
            f"{layer.size - 1}, in ascending order."
        )


def _keep(
    network: SpikingNetwork, layer: SpikingLayer, places: Tensor, select: Select | None
) -> None:
    for part in unit_tensors(network, layer.name):
        entries = part.entries(places)
        if select is not None and isinstance(part.tensor, nn.Parameter):
            select(part.tensor, part.axis, entries)
        part.tensor.grad = None
        # the object stays: optimisers, and norms that look at weights, hold it
        part.tensor.data = part.tensor.data.index_select(part.axis, entries)
    numbers = torch.arange(layer.size) if layer.units is None else layer.units
    layer.units = numbers.to(places.device)[places]
    for row in network:
        _note_widths(row.operator)


def _note_widths(operator: nn.Conv2d | nn.Linear) -> None:
    """Let an operator say what its weights are now."""
    outputs, inputs = operator.weight.shape[:2]
    if isinstance(operator, nn.Conv2d):
        operator.out_channels, operator.in_channels = outputs, inputs
    else:
        operator.out_features, operator.in_features = outputs, inputs


def fit_units(network: SpikingNetwork, tensors: Mapping[str, Tensor]) -> None:
    """Cut a whole network to the units that a state's tensors name, so that it takes the state.

    ValueError where they are none of its units.
    """
    names = {f"stages.{place}.units": layer.name for place, layer in enumerate(network)}
    units = {name: tensors[key].tolist() for key, name in names.items() if key in tensors}
    keep_units(network, units)


def cut_problems(architecture: Architecture) -> list[str]:
    """Say in a sentence what keeps units from being cut out of a network."""
    if not isinstance(architecture, NetworkSpec):
        return ["units are cut out of layers in a row alone; set network.kind to chain"]
    if architecture.depth == 1:
        problem = (
            "network.channels and hidden name no layer, and the output is not cut, for its decoding reads all of it; "
            "name one"
        )
        return [problem]
    site = NeuronSite("hidden", _TINY, architecture.time_steps, beta=0.9, threshold=1.0)
    operator = nn.Conv2d(1, 1, 1)
    parts: dict[tuple[str, str], SpikingNeuron | Norm] = {
        ("neuron", architecture.neuron.kind): architecture.neuron.build(site)
    }
    for spec in architecture.norms:
        norm = spec.build(NormSite(_TINY, architecture.time_steps, operator))
        parts |= {} if norm is None else {("norm", spec.kind): norm}
    return [
        f"network.{field}: no unit can be cut out with {kind}, for what one does reaches others; choose another {field}"
        for (field, kind), part in parts.items()
        if part.unit_axes is None
    ]
