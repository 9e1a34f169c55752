"""What natural images do to the neurons: who is searched for, and what a search has to beat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.tasks.benchmark.cells import Setting
from spikeatlas.tasks.benchmark.models import generator, network, responder

Arrays = dict[str, NDArray[Any]]
Images = NDArray[np.uint8]

RESPONDING = 0.01
"""Least share of natural test images to which a searched neuron responds."""


def natural_responses(
    setting: Setting, training_seed: int, layers: Sequence[str], images: Images
) -> dict[str, Arrays]:
    """For every neuron of each layer: how it answers test images, raw and through the generator.

    ``active`` (neuron): share of images with a response; ``lowest``, ``highest``: the range;
    ``encoded``: the highest response to the same images once encoded and decoded, NaN without an encoder.
    """
    respond = responder(setting, network(setting, training_seed), list(layers), {})
    model = generator(setting)
    raw = respond(images)
    # what the search has to reach is what the generator can make of natural images, if it takes them
    encoded = respond(model.decode(model.encode(images))) if model.encodes else None
    return {
        layer: {
            "active": (raw[layer] > 0).mean(axis=0).astype(np.float32),
            "lowest": raw[layer].min(axis=0),
            "highest": raw[layer].max(axis=0),
            "encoded": encoded[layer].max(axis=0)
            if encoded
            else np.full_like(raw[layer][0], np.nan),
        }
        for layer in layers
    }


def natural_latents(setting: Setting, images: Images) -> Arrays:
    """Latents of natural training images: the pool of the methods that know such images."""
    model = generator(setting)
    return {"natural_latent": model.encode(images).astype(model.latent.dtype)}


def observed_name(training_seed: int, layer: str) -> str:
    """The dataset's group of what natural images do to one layer."""
    return f"natural/seed-{training_seed}.{layer}"


def draw(found: Arrays, key: Sequence[int]) -> tuple[int, ...]:
    """The neurons that respond often enough and not always at the full rate, in an order from ``key``."""
    able = ~silent(found) & ~saturated(found) & (found["active"] >= RESPONDING)
    order = np.random.default_rng(list(key)).permutation(len(able))
    return tuple(int(neuron) for neuron in order if able[neuron])


def silent(found: Arrays) -> NDArray[np.bool_]:
    """Neurons that answer no natural test image."""
    return np.asarray(found["highest"] == 0)


def saturated(found: Arrays) -> NDArray[np.bool_]:
    """Neurons that answer every natural test image with rate 1."""
    return np.asarray(found["lowest"] == 1)
