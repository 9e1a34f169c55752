"""What can be wrong with a generator, and with the space that its latents are searched in."""

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
    Latent,
    SNGANSpec,
    VQVAESpec,
    count_halvings,
    open_generator,
    planned_latent,
)
from spikeatlas.snn.generators.generator_training import LEAST_IMAGES
from spikeatlas.snn.generators.sngan import doublings
from spikeatlas.tasks.study.latent_space import SpaceSpec, space_of


def caught(field: str, call: Callable[[], object]) -> list[str]:
    """The sentence with which ``call`` refuses its input, if it does."""
    try:
        call()
    except (ValueError, OSError) as error:
        text = str(error)
        return [text if text.startswith(field) else f"{field}: {text}"]
    return []


def latent_of(spec: GeneratorSpec) -> Latent:
    """The latents of a study's generator: as its adapter has them, or as they will be."""
    if isinstance(spec, AdapterSpec):
        return open_generator(spec, Path()).latent
    return planned_latent(spec)


def generator_problems(spec: GeneratorSpec, data: DataSet) -> list[str]:
    """A generator that cannot be trained on the images, or a given one that does not fit the rest."""
    if spec.checkpoint is None and not isinstance(spec, AdapterSpec):
        return _to_train(spec, data)
    problems = caught(
        "generator.checkpoint", lambda: open_generator(spec, spec.checkpoint or Path())
    )
    if problems:
        return problems
    model = open_generator(spec, spec.checkpoint or Path())
    named = f"generator.checkpoint: {spec.checkpoint}"
    if isinstance(spec, AdapterSpec):
        named = f"generator.adapter: {spec.adapter}"
    if model.image_shape != data.shape:
        problems.append(
            f"{named} makes images of shape {model.image_shape}, but the network takes {data.shape}; give "
            "a generator of that shape"
        )
    if isinstance(model.latent, CodeLatent):
        problems += caught(named, model.latent.check)
    return [*problems, *_other_latents(spec, model, named)]


def space_problems(spec: GeneratorSpec, space: SpaceSpec) -> list[str]:
    """A grid or a shell that the latents do not have; what is wrong with the generator is said elsewhere."""
    if caught("generator", partial(latent_of, spec)):
        return []
    return caught("search", lambda: space_of(latent_of(spec), space))


def space_to_try(spec: GeneratorSpec, space: SpaceSpec) -> Space | None:
    """The space to be searched, None where it cannot be made (which the problems say)."""
    if caught("generator", partial(latent_of, spec)) or space_problems(spec, space):
        return None
    return space_of(latent_of(spec), space)


def encoder_problems(spec: GeneratorSpec, wishes: list[str]) -> list[str]:
    """Wishes for natural images' latents, of a generator without an encoder."""
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


def _other_latents(spec: GeneratorSpec, model: Generator, named: str) -> list[str]:
    """A given generator whose latents are not what the study says."""
    if isinstance(spec, AdapterSpec):
        return []
    found, said = model.latent, planned_latent(spec)
    if not isinstance(found, type(said)):
        kind = "sngan" if found.kind == "gaussian" else "vqvae"
        return [
            f"{named} is a generator of kind {kind}; set generator.kind to it (it is {spec.kind})"
        ]
    if isinstance(found, GaussianLatent):
        return [] if found == said else [
            f"{named} has latents of {found.dim} numbers; set generator.dim to it (it is {said.size})"
        ]  # fmt: skip
    assert isinstance(found, CodeLatent)
    assert isinstance(said, CodeLatent)
    given, asked = (found.positions, found.codes), (said.positions, said.codes)
    if given == asked:
        return []
    return [
        (
            f"{named} has {given[0]} positions and {given[1]} codes; set generator.positions and generator.codes "
            f"to these (they are {asked[0]} and {asked[1]})"
        )
    ]
