"""The loudest that each unit becomes on images."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.networks import SpikingNetwork

_BATCH = 256


@torch.no_grad()
def unit_peaks(
    network: SpikingNetwork, images: NDArray[np.uint8], key: CodingKey | None = None
) -> dict[str, Tensor]:
    """Return the largest output (units,) of each hidden layer's units at any position, step and image, on the processor.

    In evaluation mode, whatever mode the network is in; signed outputs by their size. 0: a unit is silent on
    all ``images`` (n, c, h, w).
    """
    training = network.training
    network.eval()
    peaks: dict[str, Tensor] = {}
    for batch, count in padded_batches(images, _BATCH):
        inputs = encode(network, batch, key).to(network.device)
        for name, outputs in network.capture(inputs, len(network.layers) - 1):
            largest = outputs[:, :count].abs().transpose(0, 2).flatten(1).amax(1).cpu()
            peaks[name] = torch.maximum(peaks[name], largest) if name in peaks else largest
    network.train(training)
    return peaks
