"""Problems of a generator, and of the space that its latents are searched in."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spikeatlas.optim import Space
from spikeatlas.snn.data import DataSet
from spikeatlas.snn.generators import (
    CodeLatent,
    Generator,
    GeneratorSpec,
    open_generator,
)
from spikeatlas.snn.generators.evaluation import measure_variety
from spikeatlas.snn.sentences import caught
from spikeatlas.tasks.study.latent_space import SpaceSpec, space_of

FEW_DRAWS = 64
"""Latents that show before any work whether a given generator has collapsed; a run draws more, as its searches do."""


def generator_problems(spec: GeneratorSpec, data: DataSet) -> list[str]:
    """Name what keeps a generator from being trained on the images, or a given one from fitting the rest."""
    if spec.checkpoint is None and spec.trained:
        return spec.problems(data.train.images)
    path = spec.checkpoint or Path()
    problems = caught("generator.checkpoint", lambda: open_generator(spec, path))
    if problems:
        return problems
    model = open_generator(spec, path)
    name = spec.title
    if model.image_shape != data.shape:
        problems.append(
            f"{name} makes images of shape {model.image_shape}, but the network takes {data.shape}; give "
            "a generator of that shape"
        )
    if isinstance(model.latent, CodeLatent):
        problems += caught(name, model.latent.check)
    if not problems:
        problems += _collapse(model, data, name)
    return [*problems, *_other_latents(spec, model, name)] if spec.trained else problems


def _collapse(model: Generator, data: DataSet, name: str) -> list[str]:
    """Say that a given generator makes one image of everything."""
    points = space_of(model.latent, SpaceSpec()).sample(np.random.default_rng(0), FEW_DRAWS)
    try:
        variety = measure_variety(model, points, data.train.images, data.test.images[:FEW_DRAWS])
    except ValueError as error:
        return [f"{name}: {error}"]
    return [] if variety.problem is None else [f"{name}: {variety.problem}; give another one"]


def space_problems(spec: GeneratorSpec, space: SpaceSpec) -> list[str]:
    """A grid or a shell that the latents do not have; what is wrong with the generator is said elsewhere."""
    if caught("generator", lambda: spec.latent):
        return []
    return caught("search", lambda: space_of(spec.latent, space))


def space_to_try(spec: GeneratorSpec, space: SpaceSpec) -> Space | None:
    """The space to be searched, None where it cannot be made (which the problems say)."""
    if caught("generator", lambda: spec.latent) or space_problems(spec, space):
        return None
    return space_of(spec.latent, space)


def encoder_problems(spec: GeneratorSpec, wishes: list[str]) -> list[str]:
    """Wishes for natural images' latents, of a generator without an encoder."""
    if not wishes or caught("generator", lambda: spec.latent):
        return []
    if spec.encodes:
        return []
    return [
        f"{wish} needs the latents of natural images, but generator.kind {spec.kind} has no encoder; "
        "leave it out, or choose vqvae"
        for wish in wishes
    ]


def _other_latents(spec: GeneratorSpec, model: Generator, name: str) -> list[str]:
    """A given generator whose latents are not what the study says."""
    latent, planned = model.latent, spec.latent
    if not isinstance(latent, type(planned)):
        kind = "sngan" if latent.kind == "gaussian" else "vqvae"
        return [
            f"{name} is a generator of kind {kind}; set generator.kind to it (it is {spec.kind})"
        ]
    if latent.kind == "gaussian":
        if latent == planned:
            return []
        return [
            f"{name} has latents of {latent.dim} numbers; set generator.dim to it (it is {planned.size})"
        ]
    assert isinstance(planned, CodeLatent)
    sizes, planned_sizes = ((codes.positions, codes.codes) for codes in (latent, planned))
    if sizes == planned_sizes:
        return []
    return [
        (
            f"{name} has {sizes[0]} positions and {sizes[1]} codes; set generator.positions and generator.codes "
            f"to these (they are {planned_sizes[0]} and {planned_sizes[1]})"
        )
    ]
