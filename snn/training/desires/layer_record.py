"""Spikes of all layers of a network that is shown images, and what each layer was given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from spikeatlas.snn.networks import SpikingNetwork


class LayerRecord(NamedTuple):
    """One layer's part in one showing."""

    inputs: Tensor
    """(T, n, inputs): spikes of the layer before, as high as dropout makes them."""
    spikes: Tensor
    """(T, n, units) of 0 and 1, none of a unit that dropout took out."""
    weight: Tensor
    """(units, inputs)."""
    present: Tensor | None = None
    """(n, units): False where dropout took the unit out for that image; None: nowhere."""

    @property
    def counts(self) -> Tensor:
        """Spikes (n, units) over all steps."""
        return self.spikes.sum(0)


def record_layers(
    network: SpikingNetwork, inputs: Tensor, masks: Sequence[Tensor] = ()
) -> list[LayerRecord]:
    """Show encoded images (T, n, c, h, w) to a network of units, and record every layer.

    ``masks`` (n, units) of the first layers: what a spike of each unit counts to the next layer, 0 where the unit is
    taken out for that image. A further layer has none.
    """
    records, handed = [], inputs.flatten(2)
    for place, layer in enumerate(network):
        incoming, weight = handed, layer.operator.weight
        spikes = layer(incoming, network.time_steps)
        if place < len(masks):
            present = masks[place] > 0
            handed = spikes * masks[place]
            records.append(LayerRecord(incoming, spikes * present, weight, present))
        else:
            handed = spikes
            records.append(LayerRecord(incoming, spikes, weight))
    return records
