"""Spikes of all layers of a network that is shown images, and what each layer was given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from spikeatlas.snn.networks import SpikingNetwork


class LayerRecord(NamedTuple):
    """One layer's part in one showing."""

    inputs: Tensor
    """(T, n, inputs): spikes of the layer before, without those that dropout took out."""
    spikes: Tensor
    """(T, n, units), without those that dropout took out."""

    @property
    def counts(self) -> Tensor:
        """Spikes (n, units) over all steps."""
        return self.spikes.sum(0)


def record_layers(
    network: SpikingNetwork, inputs: Tensor, masks: Sequence[Tensor | None] = ()
) -> list[LayerRecord]:
    """Show encoded images (T, n, c, h, w) to a network of units, and record every layer.

    ``masks`` (n, units) of the first layers: what is handed on of a unit's spikes, 0 where it is silenced for that
    image; None, and of further layers: all.
    """
    records, spikes = [], inputs.flatten(2)
    for place, layer in enumerate(network):
        given = spikes
        fired = layer(given, network.time_steps)
        mask = masks[place] if place < len(masks) else None
        spikes = fired if mask is None else fired * mask
        records.append(LayerRecord(given, fired if mask is None else fired * (mask > 0)))
    return records
