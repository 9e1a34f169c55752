"""Checking a benchmark whole before any work: all problems are found and listed together."""

from __future__ import annotations

from functools import partial

import numpy as np

from spikeatlas.flows.benchmark.bench import Bench
from spikeatlas.flows.checks.generator_checks import (
    caught,
    encoder_problems,
    generator_problems,
    latent_of,
    space_problems,
    space_to_try,
)
from spikeatlas.optim import make_maximizer
from spikeatlas.optim.spaces.space import Points
from spikeatlas.snn.generators import AdapterSpec
from spikeatlas.snn.gradient_ascent import WAYS
from spikeatlas.snn.networks import layer_sizes
from spikeatlas.snn.registry import near
from spikeatlas.tasks.analysis.naturalness import known_of
from spikeatlas.tasks.benchmark import results_store
from spikeatlas.tasks.benchmark.cells import NATURAL
from spikeatlas.tasks.benchmark.spec import MethodSpec
from spikeatlas.tasks.study.latent_space import SpaceSpec
from spikeatlas.tasks.study.study import StudyError
from spikeatlas.tasks.workers import models


def check(bench: Bench) -> None:
    """Check everything that can be known now; StudyError with one sentence a problem."""
    problems = caught("data", lambda: models.dataset(bench.data))
    sizes = layer_sizes(bench.network, 1)
    named = [("layers", name) for name in bench.layers]
    problems += [
        f"{field}: there is no layer {name!r}{near(name, sizes)}; this network has {', '.join(sizes)}"
        for field, name in named
        if name not in sizes
    ]
    problems += [*_networks(bench), *_methods(bench), *_sharing(bench), *_guide(bench)]
    if not caught("", lambda: models.dataset(bench.data)):
        problems += generator_problems(bench.generator, models.dataset(bench.data))
    if bench.store.exists():
        problems += caught(str(bench.store), lambda: results_store.existing(bench.store))
    if problems:
        raise StudyError(list(dict.fromkeys(problems)))


def _networks(bench: Bench) -> list[str]:
    problems = []
    if bench.epoch > bench.training.epochs:
        problems.append(
            f"epoch: {bench.epoch:g} has no checkpoint, for training.epochs is {bench.training.epochs}; "
            "probe an earlier one, or train longer"
        )
    if len(set(bench.training_seeds)) < len(bench.training_seeds):
        problems.append(
            f"training_seeds: {list(bench.training_seeds)} names one twice; name each once"
        )
    if bench.network.checkpoints is not None:
        problems.append(
            "network.checkpoints: the benchmark trains its own networks; leave this field out"
        )
    return problems


def _methods(bench: Bench) -> list[str]:
    """Unknown methods and options, budgets below a method's minimum, names that stand there twice."""
    unable = encoder_problems(
        bench.generator,
        [f"methods: {each.title}" for each in bench.methods if each.knowledge == NATURAL],
    )
    problems = list(unable)
    for each in bench.methods:
        wrong = space_problems(bench.generator, each.space) + _natural(bench, each)
        space = space_to_try(bench.generator, each.space)
        if wrong or space is None:
            problems += wrong
            continue
        if unable and each.knowledge == NATURAL:
            continue
        pool = _some_latents(bench) if each.knowledge == NATURAL else None
        make = partial(make_maximizer, each.name, space, seeds=[0], budget=bench.budget, pool=pool)
        problems += caught("methods", partial(make, **(each.options or {})))
    space = space_to_try(bench.generator, SpaceSpec())
    if bench.reference and space is not None:
        said = bench.reference
        make = partial(make_maximizer, said.name, space, seeds=[0], budget=said.budget)
        problems += caught("reference", partial(make, **(said.options or {})))
    labels = [each.title for each in bench.methods]
    problems += [
        f"methods: {label!r} stands there twice; give each a label of its own"
        for label in sorted({label for label in labels if labels.count(label) > 1})
    ]
    return problems


def _some_latents(bench: Bench) -> Points:
    """As many points as there will be natural ones (one, where the images cannot be read)."""
    readable = not caught("", lambda: models.dataset(bench.data))
    count = len(models.dataset(bench.data).train) if readable else 1
    latent = latent_of(bench.generator)
    return np.zeros((count, latent.size), np.int64 if latent.kind == "codes" else np.float32)


def _natural(bench: Bench, method: MethodSpec) -> list[str]:
    """A naturalness or a prior of codes that the generator does not have."""
    if caught("generator", lambda: known_of(bench.generator)):
        return []
    known = known_of(bench.generator)
    problems = []
    if method.naturalness and known not in ("critic", "code"):
        problems.append(
            f"methods: {method.title} wants naturalness {method.naturalness:g}, but this generator has neither critic nor "
            "prior of codes; set it to 0"
        )
    if method.space.prior != "uniform" and known != "code":
        problems.append(
            f"methods: {method.title} wants the {method.space.prior} prior of codes, which this generator does not have; "
            "leave space.prior out"
        )
    return problems


def _guide(bench: Bench) -> list[str]:
    """A way to climb that the latents do not have; an adapter's codes, whose vectors nobody knows."""
    if bench.guide is None or caught("generator", lambda: latent_of(bench.generator)):
        return []
    kind = latent_of(bench.generator).kind
    if isinstance(bench.generator, AdapterSpec) and kind == "codes":
        return [
            "guide: the code vectors of an adapter are not known to climb in; leave the guide out"
        ]
    return [
        f"guide.ways: {each.way!r} does not climb in {kind} latents; choose from {', '.join(WAYS[kind])}"
        for each in bench.guide.ways
        if each.way not in WAYS[kind]
    ]


def _sharing(bench: Bench) -> list[str]:
    said = bench.sharing
    if said is None:
        return []
    problems = []
    if said.training_seed not in bench.training_seeds:
        problems.append(
            f"sharing.training_seed: {said.training_seed} is not among training_seeds {list(bench.training_seeds)}"
        )
    if said.layer not in bench.layers:
        problems.append(
            f"sharing.layer: {said.layer!r} is not among layers{near(said.layer, bench.layers)}: {', '.join(bench.layers)}"
        )
    labels = [each.title for each in bench.methods]
    problems += [
        f"sharing.methods: {name!r} is not among methods{near(name, labels)}: {', '.join(labels)}"
        for name in said.methods
        if name not in labels
    ]
    return problems
