"""Checks of a study's search: methods, repeats, screening, naturalness, diverse stimuli."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from spikeatlas.flows.checks.epoch_checks import unprobed
from spikeatlas.flows.checks.generator_checks import (
    encoder_problems,
    space_problems,
    space_to_try,
)
from spikeatlas.flows.checks.inputs import StudyInputs
from spikeatlas.flows.checks.searches.student_checks import no_student
from spikeatlas.optim import (
    CodeSpace,
    Points,
    Space,
    can_start,
    make_maximizer,
    method_names,
    uses_pool,
    uses_student,
)
from spikeatlas.snn.data import DataSet
from spikeatlas.snn.generators import GeneratorSpec
from spikeatlas.snn.sentences import caught, near
from spikeatlas.tasks.stages.screen import natural_images
from spikeatlas.tasks.study.latent_space import SpaceSpec
from spikeatlas.tasks.study.study import Study


def method_problems(inputs: StudyInputs) -> list[str]:
    """Name unknown methods and options, and a budget below what a method needs."""
    study, data = inputs.study, inputs.data
    search = study.search
    if not search.methods or inputs.lack("search"):
        return []
    is_spaced = not inputs.lack("generator")
    space = space_to_try(study.generator, search.space) if is_spaced else None
    if is_spaced and space is None:
        return space_problems(study.generator, search.space)
    problems = [
        problem
        for label in search.labels
        for problem in _method_problems(study, data, space, label)
    ]
    repeated = sorted({label for label in search.labels if search.labels.count(label) > 1})
    problems += [
        f"search.methods: {label} stands there twice; name each once" for label in repeated
    ]
    problems += [
        f"search.options: {label!r} is not among search.methods{near(label, search.labels)}: {', '.join(search.labels)}"
        for label in search.options or {}
        if label not in search.labels
    ]
    return list(dict.fromkeys(problems))


def _method_problems(
    study: Study, data: DataSet | None, space: Space | None, label: str
) -> list[str]:
    search = study.search
    problems = caught("search.methods", lambda: uses_pool(search.method(label)))
    if problems or space is None:
        return problems
    method = search.method(label)
    make = partial(
        make_maximizer,
        method,
        space,
        seeds=[0],
        budget=search.budget,
        share=search.share,
        pool=_pool(study, data, space) if uses_pool(method) else None,
        student=no_student if uses_student(method) else None,
        **search.options_of(label),
    )
    return (
        caught("search.methods", make)
        or caught("search.allocation", partial(make, allocation=search.allocation))
        or _warm_start_problems(study, label, make)
    )


def _pool(study: Study, data: DataSet | None, space: Space) -> Points:
    """Return any points, as many as there are training images: the number is all that can be wrong."""
    count = len(data.train) if data else study.search.budget
    return space.sample(np.random.default_rng(0), count)


def _warm_start_problems(study: Study, label: str, make: Callable[..., object]) -> list[str]:
    """Name a method that cannot start from a point, and a budget whose half is below what it needs."""
    if not study.search.warm_start:
        return []
    if not can_start(study.search.method(label)):
        able = ", ".join(name for name in method_names() if can_start(name))
        message = (
            f"search.warm_start: the method {label!r} cannot start from a given image; "
            f"choose from {able}, or set search.warm_start to false"
        )
        return [message]
    half = partial(make, budget=study.search.budget // 2)
    return caught("search.warm_start: it halves the budget, and then", half)


def repeat_problems(inputs: StudyInputs) -> list[str]:
    """Name repeats at epochs that are not probed, or that a warm start would have to do without."""
    study = inputs.study
    if inputs.lack("search"):
        return []
    repeats = study.search.repeats_at or {}
    if repeats and study.search.warm_start:
        message = (
            "search.repeats_at: with search.warm_start every repeat goes on from the epoch before, so all epochs "
            "have the same number; leave one of the two out"
        )
        return [message]
    return unprobed(inputs, "search.repeats_at", repeats)


def screening_problems(inputs: StudyInputs) -> list[str]:
    """Name textures of what are no codes, natural images that have no latents, or more than there are training images."""
    study, data = inputs.study, inputs.data
    if not study.search.methods or inputs.lack("search"):
        return []
    spaced = not inputs.lack("generator")
    problems = encoder_problems(study.generator, list(_encoder_users(study)) if spaced else [])
    if spaced and study.search.screening == "textures":
        problems += texture_problems(study.generator, study.search.space)
    if problems:
        return problems
    count = natural_images(study.search) * study.search.most_repeats
    if data is None or count <= len(data.train):
        return []
    message = (
        f"search.screening_images: {study.search.most_repeats} repeats that share no image need {count} "
        f"training images, but there are {len(data.train)}; screen fewer, or with search.screening: prior"
    )
    return [message]


def texture_problems(spec: GeneratorSpec, space: SpaceSpec) -> list[str]:
    """Name textures of latents that are no codes."""
    searched = space_to_try(spec, space)
    if searched is None or isinstance(searched, CodeSpace):
        return []
    return [
        f"search.screening: textures are made of codes, and generator.kind {spec.kind} has none; choose prior, or vqvae"
    ]


def _encoder_users(study: Study) -> Iterator[str]:
    """Yield the fields that need the latents of natural images."""
    search = study.search
    if natural_images(search):
        yield f"search.screening: {search.screening}"
    for label in search.labels:
        unknown = caught("", lambda label=label: uses_pool(search.method(label)))  # type: ignore[misc]
        if not unknown and uses_pool(search.method(label)):
            yield f"search.methods: {label}"


def sign_problems(inputs: StudyInputs) -> list[str]:
    """Name layers whose responses may be below 0: there is no share of the best response there, and no scale of all."""
    study, source = inputs.study, inputs.source
    search = study.search
    if (
        source is None
        or inputs.lack("search", "probe")
        or not (search.diverse or search.naturalness)
    ):
        return []
    probed = source.layers if study.probe.layers == "all" else study.probe.layers
    bottoms = {name: source.layers[name].unit.bottom for name in probed if name in source.layers}
    signed = [name for name, bottom in bottoms.items() if bottom is None or bottom < 0]
    if not signed:
        return []
    ending = f"where responses may be below 0, as those of layer {', '.join(signed)}; set it to 0, or name other probe.layers"
    messages = []
    if search.diverse:
        messages.append(
            f"search.diverse: {search.diverse} stimuli with nearly the MEI's response cannot be told {ending}"
        )
    if search.naturalness:
        messages.append(
            f"search.naturalness: {search.naturalness:g} of a share of the best response cannot be weighed {ending}"
        )
    return messages


def naturalness_problems(inputs: StudyInputs) -> list[str]:
    """Name a prior or a naturalness that the generator does not have, and naturalness beside diverse stimuli."""
    study = inputs.study
    if inputs.lack("search") or not study.search.methods:
        return []
    if caught("generator", lambda: study.generator.latent):
        return []
    search = study.search
    measure = None if inputs.lack("generator") else study.generator.naturalness
    problems = []
    if measure == "pixels" and search.prior != "uniform":
        problems.append(
            f"search.prior: {search.prior} codes are learnt from encoded images, which generator.kind {study.generator.kind} "
            "cannot make; set search.prior: uniform, or give an adapter an encode and a square grid of codes"
        )
    if search.naturalness and measure in ("norm", "pixels"):
        problems.append(
            f"search.naturalness: {search.naturalness:g} needs a critic or a prior of codes, which this generator does "
            "not have; set it to 0, or choose sngan or vqvae"
        )
    if search.naturalness and search.diverse:
        problems.append(
            f"search.naturalness: {search.naturalness:g} does not go with search.diverse {search.diverse}, whose stimuli "
            "are told by the response alone; set one of the two to 0"
        )
    return problems
