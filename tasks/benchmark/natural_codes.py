"""The responses to natural images: they say who is searched for, and what a search has to beat."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.tasks.benchmark import results_store
from spikeatlas.tasks.benchmark.cells import Setting
from spikeatlas.tasks.study.digests import digest, json_values
from spikeatlas.tasks.workers import models

Arrays = dict[str, NDArray[Any]]

RESPONDING = 0.01
"""Least share of natural test images to which a searched neuron responds."""


def observe(
    setting: Setting, count: int | None, training_seed: int, layers: Sequence[str]
) -> dict[str, Arrays]:
    """Measure how every neuron of each layer answers ``count`` (None: all) test images.

    ``active`` (neuron): share of images with a response; ``lowest``, ``highest``: the range;
    ``encoded``: the highest response to the same images once encoded and decoded, NaN without an encoder.
    """
    images = models.dataset(setting.setup.data).test.images[:count]
    setup, model = setting.setup, models.generator_at(setting.generator)
    subject, key = setting.subject(training_seed), setting.noise("observe")
    neurons = {layer: range(subject.layers[layer].neurons) for layer in layers}
    respond = subject.responder(neurons, models.showing_of(setup.responder, key))
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


def observed_digest(setting: Setting, training_seed: int, count: int | None, test: str) -> str:
    """Return the digest (hex) of what ``observe`` depends on; ``test``: of the data set."""
    setup = setting.setup
    return digest(
        {
            "checkpoint": setting.checkpoints[training_seed][1],
            "generator": setting.generator.digest,
            "network": json_values(setup.network),
            "responder": [setup.responder.batch_size, setup.responder.kind],
            "seed": setup.seed,
            "images": [count, test],
        }
    )


def encode(setting: Setting) -> Arrays:
    """Return latents of natural training images: the pool of the methods that know such images."""
    model = models.generator_at(setting.generator)
    latents = model.encode(models.dataset(setting.setup.data).train.images)
    return {"natural_latent": latents.astype(model.latent.dtype)}


def pool_digest(setting: Setting) -> str:
    """Return the digest (hex) of what the pool of natural latents depends on."""
    return digest({"natural_latent": [setting.generator.digest, setting.images]})


def observed_name(training_seed: int, layer: str) -> str:
    """Return the dataset's group of the responses of one layer to natural images."""
    return f"natural/seed-{training_seed}.{layer}"


def neurons_to_search(
    path: Path, seed: int, training_seeds: Sequence[int], layers: Sequence[str]
) -> dict[tuple[int, str], tuple[int, ...]]:
    """Return the neurons of every network's layer that can be searched for, in the order drawn by ``seed``."""
    return {
        (training_seed, layer): draw(
            results_store.arrays(path, observed_name(training_seed, layer)),
            (seed, training_seed, number),
        )
        for training_seed in training_seeds
        for number, layer in enumerate(layers)
    }


def draw(observed: Arrays, key: Sequence[int]) -> tuple[int, ...]:
    """Draw the neurons that respond often enough and not always at the full rate, in an order from ``key``."""
    able = ~silent(observed) & ~saturated(observed) & (observed["active"] >= RESPONDING)
    order = np.random.default_rng(list(key)).permutation(len(able))
    return tuple(int(neuron) for neuron in order if able[neuron])


def silent(observed: Arrays) -> NDArray[np.bool_]:
    """Return True for neurons that answer no natural test image."""
    return np.asarray(observed["highest"] == 0)


def saturated(observed: Arrays) -> NDArray[np.bool_]:
    """Return True for neurons that answer every natural test image with rate 1."""
    return np.asarray(observed["lowest"] == 1)
