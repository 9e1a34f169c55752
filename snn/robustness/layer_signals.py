"""The layers of a network under noise: their signal-to-noise ratio, and how sparse they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.networks import TrainableNetwork
from spikeatlas.snn.robustness.attack_target import AT_ONCE
from spikeatlas.snn.robustness.norm_ball import Floats, Images
from spikeatlas.snn.selectivity import hoyer
from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects import Subject

Rates = Mapping[str, NDArray[np.float32]]
"""(n, units) of each layer."""
Activity = Callable[[Images], Rates]
"""Rates of all units of each layer, of images uint8 (n, c, h, w)."""


@dataclass(frozen=True)
class LayerSignal:
    """A layer's answer to clean and to noisy images."""

    snr: float
    """10 log10 of the mean over images of ||clean||^2 / ||noisy - clean||^2, in decibels; NaN where no image has one,
    -inf where the clean images leave the layer silent."""
    snr_images: int
    """Images that the ratio is a mean of."""
    unchanged: int
    """Images left out of it: the noise changed nothing, so that it is infinite (or, of a silent layer, 0 / 0)."""
    hoyer: float
    """Mean Hoyer sparseness over units for a clean image: 0 all alike, 1 one unit alone; NaN where no image has one."""
    hoyer_images: int
    """Images that it is a mean of."""
    silent: int
    """Images left out of it: no unit answers."""


def layer_signals(
    activity: Activity, clean: Images, noisy: Images, batch: int = AT_ONCE
) -> dict[str, LayerSignal]:
    """Compare a network's layers under noisy images with those under the clean ones, uint8 (n, c, h, w), row by row."""
    ratios: dict[str, list[Floats]] = {}
    sparseness: dict[str, list[Floats]] = {}
    pairs = zip(padded_batches(clean, batch), padded_batches(noisy, batch), strict=True)
    for (images, count), (others, _) in pairs:
        after = activity(others)
        for layer, rates in activity(images).items():
            ratios.setdefault(layer, []).append(_ratios(rates[:count], after[layer][:count]))
            sparseness.setdefault(layer, []).append(hoyer(np.abs(rates[:count]), 1))
    return {
        layer: _signal(np.concatenate(ratios[layer]), np.concatenate(sparseness[layer]))
        for layer in ratios
    }


def _ratios(clean: NDArray[np.float32], noisy: NDArray[np.float32]) -> Floats:
    """Signal over noise (n,) of rates (n, units); NaN where both are the same."""
    signal = np.square(clean.astype(np.float64)).sum(axis=1)
    noise = np.square(noisy.astype(np.float64) - clean).sum(axis=1)
    return np.divide(signal, noise, out=np.full(len(signal), np.nan), where=noise > 0)


def _signal(ratios: Floats, sparseness: Floats) -> LayerSignal:
    changed, loud = ~np.isnan(ratios), ~np.isnan(sparseness)
    with np.errstate(divide="ignore"):
        snr = 10 * np.log10(ratios[changed].mean()) if changed.any() else np.nan
    return LayerSignal(
        snr=float(snr),
        snr_images=int(changed.sum()),
        unchanged=int((~changed).sum()),
        hoyer=float(sparseness[loud].mean()) if loud.any() else np.nan,
        hoyer_images=int(loud.sum()),
        silent=int((~loud).sum()),
    )


def network_activity(network: TrainableNetwork, key: CodingKey | None = None) -> Activity | None:
    """Return the rates of every unit at every position of a network of ours; None where its layers are not known."""
    if not network.layers:
        return None

    @torch.no_grad()
    def activity(images: Images) -> Rates:
        inputs = encode(network, images, key).to(network.device)
        return {
            name: network.neurons(name).relative(spikes).mean(0).flatten(1).cpu().numpy()
            for name, spikes in network.capture(inputs, len(network.layers))
        }

    return activity


def subject_activity(subject: Subject, showing: Showing) -> Activity:
    """Return the responses of a subject's neurons, of a channel the mean over its map, for one that is no network of ours."""
    neurons = {layer: range(info.neurons) for layer, info in subject.layers.items()}
    return subject.responder(neurons, showing)
