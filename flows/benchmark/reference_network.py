"""The network and the pictures that the responder's speed is measured on.

The network has the shape of the published snnTorch model for CIFAR-10 that MANGO was shown on. Its
weights are drawn, then each filter's gain and bias are set so that it fires like a trained one on
natural images: in the first layer 62 % of the neurons never fire, and the mean rate is 0.15 spikes a
step. Filters of the first layer sum to zero, as trained edge detectors do: noise drives them hard.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from spikeatlas.snn.data import FolderImages
from spikeatlas.snn.generators.base import Images
from spikeatlas.snn.networks import SpikingLayer, SpikingNetwork, pixel_statistics
from spikeatlas.snn.networks.layer import SteadyLinear
from spikeatlas.snn.neurons import FastSigmoid, LeakyNeuron, SurrogateSpec
from spikeatlas.tasks.workers import models

# (neurons that never fire, spikes a step) on natural images, layer by layer.
_FIRING = ((0.62, 0.15), (0.7, 0.1), (0.6, 0.1), (0.5, 0.1))


def reference_network(
    images: Images, time_steps: int, seed: int = 0, surrogate: SurrogateSpec | None = None
) -> SpikingNetwork:
    """Build conv 3-200 k5, pool, conv 200-64 k5, pool, linear 100, linear 10; beta 0.9, threshold 1.

    ``images``: natural ones, uint8 (n, 3, 32, 32), that set the firing; see the module. The first 64
    are enough. ``surrogate``: a fast sigmoid if left out.
    """
    neurons = partial(LeakyNeuron, 0.9, 1.0, surrogate=surrogate or FastSigmoid())
    layers = [
        SpikingLayer("conv1", nn.Conv2d(3, 200, 5), neurons(), pool="max"),
        SpikingLayer("conv2", nn.Conv2d(200, 64, 5), neurons(), pool="max"),
        SpikingLayer("fc1", SteadyLinear(1600, 100), neurons(), flatten=True),
        SpikingLayer("out", SteadyLinear(100, 10), neurons()),
    ]
    mean, std = pixel_statistics(images)
    network = SpikingNetwork(
        layers,
        input_shape=(3, 32, 32),
        time_steps=time_steps,
        coding="current",
        mean=torch.tensor(mean),
        std=torch.tensor(std),
    )
    _set_weights(network, images[:64], torch.Generator().manual_seed(seed))
    return network


@torch.no_grad()
def _set_weights(network: SpikingNetwork, images: Images, generator: torch.Generator) -> None:
    """Draw weights and set every filter's gain and bias by its firing, from the input on."""
    rates = network.normalise(torch.from_numpy(images))
    for layer, (never, rate) in zip(network, _FIRING, strict=True):
        weight = layer.operator.weight
        nn.init.kaiming_uniform_(weight, nonlinearity="relu", generator=generator)
        if weight.shape[1] == 3:
            weight -= weight.mean(dim=(2, 3), keepdim=True)
        bias = torch.zeros(layer.size)
        layer.operator.bias = nn.Parameter(bias)
        gain, shift = _fitted(layer.currents(rates), never, rate)
        weight *= gain.view(-1, *(1,) * (weight.dim() - 1))
        bias.copy_(shift)
        # under a constant current I the rate is about I - 0.1, as the leak takes beta's tenth
        rates = (layer.currents(rates) - 0.1).clamp(0, 1)


def _fitted(currents: Tensor, never: float, rate: float) -> tuple[Tensor, Tensor]:
    """Return gain and bias (filters,) that make ``never`` of the currents subliminal, the mean rate ``rate``."""
    samples = currents.transpose(0, 1).flatten(1)[:, : 2**20]
    middle = samples.quantile(never, dim=1)
    gain = rate / (samples - middle[:, None]).clamp(min=0).mean(dim=1)
    return gain, 0.1 - gain * middle


def noise_images(count: int, shape: tuple[int, int, int] = (3, 32, 32), seed: int = 0) -> Images:
    """Draw uniform noise, uint8 (count, c, h, w)."""
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (count, *shape), dtype=np.uint8)


def smooth_images(count: int, shape: tuple[int, int, int] = (3, 32, 32), seed: int = 0) -> Images:
    """Draw pictures with the spectrum of natural ones, amplitude 1/f, uint8 (count, c, h, w)."""
    generator = np.random.default_rng(seed)
    down, right = np.fft.fftfreq(shape[1])[:, None], np.fft.fftfreq(shape[2])
    amplitude = 1 / np.maximum(np.hypot(down, right), 1 / max(shape[1:]))
    common = generator.standard_normal((count, 1, *shape[1:]))
    white = common + 0.3 * generator.standard_normal((count, *shape))
    smooth = np.fft.ifft2(np.fft.fft2(white) * amplitude).real
    smooth -= smooth.mean(axis=(1, 2, 3), keepdims=True)
    scaled = 110 + 60 * smooth / smooth.std(axis=(1, 2, 3), keepdims=True)
    return scaled.round().clip(0, 255).astype(np.uint8)


def natural_images(root: Path | None) -> Images:
    """Return test images (256, 3, 32, 32) of an image folder; of none, pictures with the spectrum of natural ones."""
    if root is None:
        return smooth_images(256)
    return models.dataset(FolderImages(dataset="folder", root=root, limit=256)).test.images
