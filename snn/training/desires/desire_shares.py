"""Wishes of a network's units, counted over many images."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.training.desires.desire_signals import DesireRule
from spikeatlas.snn.training.desires.layer_record import record_layers

Shares = npt.NDArray[np.float64]


class DesireShares(NamedTuple):
    """Shares (units,) of the images, 0 to 1, for which a layer's units have a wish."""

    more: Shares
    """To spike more."""
    less: Shares
    """To spike less."""
    vain: Shares
    """To spike more, of a unit without a spike, which learns nothing from it."""


@torch.no_grad()
def desire_shares(
    network: SpikingNetwork,
    rule: DesireRule,
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.int64],
    *,
    key: CodingKey | None = None,
    batch_size: int = 256,
) -> dict[str, DesireShares]:
    """Show images (n, c, h, w) of classes ``labels`` (n,) to a network as it is, and count the wishes of every layer.

    ``key``: the random numbers of a stochastic coding. ValueError for no images.
    """
    if not len(images):
        raise ValueError("there are no images to show: give at least one.")
    totals = {layer.name: np.zeros((3, layer.size), np.int64) for layer in network}
    classes, start = torch.from_numpy(labels), 0
    for batch, count in padded_batches(images, batch_size):
        inputs = encode(network, batch, key).to(network.device)[:, :count]
        records = record_layers(network, inputs)
        here = classes[start : start + count].to(network.device)
        start += count
        desires = rule.all_desires(records, here)
        for total, record, wishes in zip(totals.values(), records, desires, strict=True):
            more = wishes > 0
            rows = torch.stack([more, wishes < 0, more & (record.counts == 0)])
            np.add(total, rows.sum(1).cpu().numpy(), out=total)
    return {name: DesireShares(*(total / len(images))) for name, total in totals.items()}
