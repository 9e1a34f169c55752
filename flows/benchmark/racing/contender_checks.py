"""The checks of the methods that a race holds against each other: their options, spaces, budgets and labels."""

from __future__ import annotations

from functools import partial

import numpy as np

from spikeatlas.flows.benchmark.racing.bench import Bench
from spikeatlas.flows.benchmark.racing.preparation import untrained
from spikeatlas.flows.checks.generator_checks import encoder_problems, space_problems, space_to_try
from spikeatlas.flows.checks.searches.margin_checks import margin_lack
from spikeatlas.flows.checks.searches.student_checks import climb_lack, no_student
from spikeatlas.optim import Points, make_maximizer, uses_student
from spikeatlas.snn.sentences import caught
from spikeatlas.tasks.benchmark.cells import NATURAL
from spikeatlas.tasks.benchmark.matrix import MethodSpec
from spikeatlas.tasks.study.latent_space import SpaceSpec
from spikeatlas.tasks.workers import models


def method_problems(bench: Bench) -> list[str]:
    """Return unknown methods and options, budgets below a method's minimum, names that stand there twice."""
    without_encoder = encoder_problems(
        bench.generator,
        [f"methods: {method.title}" for method in bench.methods if method.knowledge == NATURAL],
    )
    problems = list(without_encoder)
    for method in bench.methods:
        if not (without_encoder and method.knowledge == NATURAL):
            problems += _method(bench, method)
        else:
            problems += _space(bench, method)
    space = space_to_try(bench.generator, SpaceSpec())
    if bench.reference and space is not None:
        spec = bench.reference
        make = partial(make_maximizer, spec.name, space, seeds=[0], budget=spec.budget)
        problems += caught("reference", partial(make, **(spec.options or {})))
    labels = [method.title for method in bench.methods]
    problems += [
        f"methods: {label!r} stands there twice; give each a label of its own"
        for label in sorted({label for label in labels if labels.count(label) > 1})
    ]
    return problems


def slope_problems(bench: Bench) -> list[str]:
    """Return methods that are to see currents of a network that does not tell them."""
    labels = [method.title for method in bench.methods if method.response == "margin"]
    if not labels or caught("data", lambda: models.dataset(bench.data)):
        return []
    lack = margin_lack(untrained(bench), bench.layers)
    return [] if lack is None else [f"methods: {', '.join(labels)}: {lack}; leave response out"]


def _space(bench: Bench, method: MethodSpec) -> list[str]:
    return space_problems(bench.generator, method.space) + _natural(bench, method)


def _method(bench: Bench, method: MethodSpec) -> list[str]:
    """Return what is wrong with a method's space or, where that is sound, with its budget and options."""
    problems = _space(bench, method)
    space = space_to_try(bench.generator, method.space)
    if problems or space is None:
        return problems
    pool = _some_latents(bench) if method.knowledge == NATURAL else None
    # an unknown method is named where it is made
    asks = not caught("", lambda: uses_student(method.name)) and uses_student(method.name)
    lack = climb_lack(bench.generator) if asks else None
    if lack is not None:
        return [f"methods: {method.title} {lack}"]
    make = partial(
        make_maximizer,
        method.name,
        space,
        seeds=[0],
        budget=method.budget or bench.budget,
        share=all(method.share),
        pool=pool,
        student=no_student if asks else None,
    )
    return caught("methods", partial(make, **(method.options or {})))


def _some_latents(bench: Bench) -> Points:
    """Return as many points as there will be natural ones (one, where the images cannot be read)."""
    readable = not caught("", lambda: models.dataset(bench.data))
    count = len(models.dataset(bench.data).train) if readable else 1
    latent = bench.generator.latent
    return np.zeros((count, latent.size), np.int64 if latent.kind == "codes" else np.float32)


def _natural(bench: Bench, method: MethodSpec) -> list[str]:
    """Return a naturalness or a prior of codes that the generator does not have."""
    if caught("generator", lambda: bench.generator.naturalness):
        return []
    judge = bench.generator.naturalness
    problems = []
    if method.naturalness and judge not in ("critic", "code"):
        problems.append(
            f"methods: {method.title} wants naturalness {method.naturalness:g}, but this generator has neither critic nor "
            "prior of codes; set it to 0"
        )
    if method.space.prior != "uniform" and judge != "code":
        problems.append(
            f"methods: {method.title} wants the {method.space.prior} prior of codes, which this generator does not have; "
            "leave space.prior out"
        )
    return problems
