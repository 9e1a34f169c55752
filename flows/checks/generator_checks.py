"""Checks of a generator, and of the space that its latents are searched in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from spikeatlas.optim import Space
from spikeatlas.snn.data import DataSet
from spikeatlas.snn.generators import (
    AdapterSpec,
    CodeLatent,
    GaussianLatent,
    Generator,
    GeneratorSpec,
    SNGANSpec,
    VQVAESpec,
    count_halvings,
    open_generator,
    planned_latent,
)
from spikeatlas.snn.generators.generator_training import LEAST_IMAGES
from spikeatlas.snn.generators.sngan import doublings
from spikeatlas.tasks.study.latent_space import SpaceSpec, latent_of, space_of
from spikeatlas.tasks.study.study import Study


def caught(field: str, call: Callable[[], object]) -> list[str]:
    """Return the sentence with which ``call`` refuses its input, if it does."""
    try:
        call()
    except (ValueError, OSError) as error:
        return [at_field(field, error)]
    return []


def at_field(field: str, error: Exception) -> str:
    """Return an error's sentence, with the field that it is about."""
    text = str(error)
    return text if text.startswith(field) else f"{field}: {text}"


def training_problems(study: Study, data: DataSet | None) -> list[str]:
    """Name what is wrong with a study's generator and its images."""
    return [] if data is None else generator_problems(study.generator, data)


def generator_problems(spec: GeneratorSpec, data: DataSet) -> list[str]:
    """Name a generator that cannot be trained on the images, or a given one that does not fit the rest."""
    if spec.checkpoint is None and not isinstance(spec, AdapterSpec):
        return _to_train(spec, data)
    problems = caught(
        "generator.checkpoint", lambda: open_generator(spec, spec.checkpoint or Path())
    )
    if problems:
        return problems
    model = open_generator(spec, spec.checkpoint or Path())
    name = f"generator.checkpoint: {spec.checkpoint}"
    if isinstance(spec, AdapterSpec):
        name = f"generator.adapter: {spec.adapter}"
    if model.image_shape != data.shape:
        problems.append(
            f"{name} makes images of shape {model.image_shape}, but the network takes {data.shape}; give "
            "a generator of that shape"
        )
    if isinstance(model.latent, CodeLatent):
        problems += caught(name, model.latent.check)
    return [*problems, *_other_latents(spec, model, name)]


def space_problems(spec: GeneratorSpec, space: SpaceSpec) -> list[str]:
    """Name a grid or a shell that the latents do not have; what is wrong with the generator is said elsewhere."""
    if caught("generator", partial(latent_of, spec)):
        return []
    return caught("search", lambda: space_of(latent_of(spec), space))


def space_to_try(spec: GeneratorSpec, space: SpaceSpec) -> Space | None:
    """Return the space to be searched, None where it cannot be made (which the problems say)."""
    if caught("generator", partial(latent_of, spec)) or space_problems(spec, space):
        return None
    return space_of(latent_of(spec), space)


def encoder_problems(spec: GeneratorSpec, wishes: list[str]) -> list[str]:
    """Name wishes for natural images' latents, of a generator without an encoder."""
    if not wishes or caught("generator", partial(latent_of, spec)):
        return []
    able = (
        open_generator(spec, Path()).encodes
        if isinstance(spec, AdapterSpec)
        else spec.kind == "vqvae"
    )
    return [] if able else [
        f"{wish} needs the latents of natural images, but generator.kind {spec.kind} has no encoder; "
        "leave it out, or choose vqvae"
        for wish in wishes
    ]  # fmt: skip


def _to_train(spec: VQVAESpec | SNGANSpec, data: DataSet) -> list[str]:
    least = spec.batch_size if isinstance(spec, SNGANSpec) else LEAST_IMAGES
    problems = []
    if len(data.train) < least:
        problems.append(
            f"generator: {len(data.train)} training images are too few to learn from, {least} are the least; give "
            "more, or lower generator.batch_size"
        )
    if isinstance(spec, SNGANSpec):
        return problems + caught("generator.kind", lambda: doublings(data.size))
    return problems + caught(
        "generator.positions", lambda: count_halvings(spec.positions, data.size)
    )


def _other_latents(spec: GeneratorSpec, model: Generator, name: str) -> list[str]:
    """Name a given generator whose latents are not what the study says."""
    if isinstance(spec, AdapterSpec):
        return []
    latent, said = model.latent, planned_latent(spec)
    if not isinstance(latent, type(said)):
        kind = "sngan" if latent.kind == "gaussian" else "vqvae"
        return [
            f"{name} is a generator of kind {kind}; set generator.kind to it (it is {spec.kind})"
        ]
    if isinstance(latent, GaussianLatent):
        return [] if latent == said else [
            f"{name} has latents of {latent.dim} numbers; set generator.dim to it (it is {said.size})"
        ]  # fmt: skip
    assert isinstance(latent, CodeLatent)
    assert isinstance(said, CodeLatent)
    actual, planned = (latent.positions, latent.codes), (said.positions, said.codes)
    if actual == planned:
        return []
    return [
        (
            f"{name} has {actual[0]} positions and {actual[1]} codes; set generator.positions and generator.codes "
            f"to these (they are {planned[0]} and {planned[1]})"
        )
    ]
