"""The checks of a benchmark, whole and before any work: all problems are listed together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from spikeatlas.flows.benchmark.racing.bench import Bench
from spikeatlas.flows.benchmark.racing.contender_checks import method_problems, slope_problems
from spikeatlas.flows.checks.device_checks import device_problems
from spikeatlas.flows.checks.generator_checks import (
    generator_problems,
)
from spikeatlas.flows.checks.output_checks import folder_problems
from spikeatlas.flows.checks.roots import require_within
from spikeatlas.snn.ascent import ASCENTS
from spikeatlas.snn.data import sequence_problem
from spikeatlas.snn.generators import AdapterSpec
from spikeatlas.snn.networks import Architecture, layer_sizes
from spikeatlas.snn.sentences import caught, in_field, near
from spikeatlas.snn.training import ActingCallback
from spikeatlas.tasks.atlas.ownership import (
    WRITERS,
    in_the_way,
    is_run_mark,
    strangers,
    training_files,
)
from spikeatlas.tasks.benchmark import results_store
from spikeatlas.tasks.study.study import StudyError
from spikeatlas.tasks.workers import models


def check(bench: Bench) -> None:
    """Check everything that can be known now; StudyError with one sentence a problem."""
    require_within(bench)
    problems = caught("data", lambda: models.dataset(bench.data))
    sizes = layer_sizes(bench.network, 1)
    named = [("layers", name) for name in bench.layers]
    problems += [
        f"{field}: there is no layer {name!r}{near(name, sizes)}; this network has {', '.join(sizes)}"
        for field, name in named
        if name not in sizes
    ]
    problems += device_problems(bench)
    problems += [
        *_networks(bench),
        *method_problems(bench),
        *slope_problems(bench),
        *_sharing(bench),
        *_guide(bench),
        *_lines(bench),
    ]
    if not caught("", lambda: models.dataset(bench.data)):
        sequences = sequence_problem(models.dataset(bench.data), "a benchmark")
        if sequences is not None:
            raise StudyError([f"data: {sequences}"])
        problems += generator_problems(bench.generator, models.dataset(bench.data))
    problems += _obstacles(bench)
    if bench.store.exists():
        problems += caught(str(bench.store), lambda: results_store.existing(bench.store))
    if problems:
        raise StudyError(list(dict.fromkeys(problems)))


def _obstacles(bench: Bench) -> list[str]:
    """Name what somebody else put where the benchmark writes."""
    files: list[tuple[Path, Callable[[Path], bool]]] = [(bench.output / WRITERS, is_run_mark)]
    for seed in bench.training_seeds:
        # of whatever study: a network that other fields made is trained again
        files += training_files(bench.folder(seed), {*bench.training_places, bench.epoch}, "")
    return [
        *folder_problems(bench.output),
        *in_the_way(files),
        *strangers(bench.output, ("search.png", "naturalness.png", "stimuli.png")),
    ]


def _networks(bench: Bench) -> list[str]:
    problems = []
    if isinstance(bench.network, Architecture):
        absent = bench.training.place_problems(bench.network, [bench.epoch])
        problems += [in_field("epoch", problem) for problem in absent]
    problems += [
        f"training.callbacks: {callback.kind} may cut units out, and a race searches for those of whole networks; "
        "leave it out"
        for callback in bench.training.callbacks
        if isinstance(callback, ActingCallback)
    ]
    if len(set(bench.training_seeds)) < len(bench.training_seeds):
        problems.append(
            f"training_seeds: {list(bench.training_seeds)} names one twice; name each once"
        )
    if bench.network.checkpoints is not None:
        problems.append(
            "network.checkpoints: the benchmark trains its own networks; leave this field out"
        )
    return problems


def _guide(bench: Bench) -> list[str]:
    """Return ways to climb that the latents do not have; an adapter's codes, whose vectors nobody knows."""
    if bench.guide is None or caught("generator", lambda: bench.generator.latent):
        return []
    kind = bench.generator.latent.kind
    if isinstance(bench.generator, AdapterSpec) and kind == "codes":
        return [
            "guide: the code vectors of an adapter are not known to climb in; leave the guide out"
        ]
    return [
        f"guide.ways: {spec.way!r} does not climb in {kind} latents; choose from {', '.join(ASCENTS[kind])}"
        for spec in bench.guide.ways
        if spec.way not in ASCENTS[kind]
    ]


def _lines(bench: Bench) -> list[str]:
    """Return the labels that lines of the table name and no method has."""
    ways = bench.guide.ways if bench.guide else ()
    labels = [*(method.title for method in bench.methods), *(way.title for way in ways)]
    named = [
        *(("subjects", label) for label in bench.subjects),
        *(("duels", label) for duel in bench.duels for label in (duel.subject, *duel.rivals)),
        *(("pursuits", label) for spec in bench.pursuits for label in (spec.subject, spec.rival)),
    ]
    return [
        f"{field}: {label!r} is not among methods{near(label, labels)}: {', '.join(labels)}"
        for field, label in dict.fromkeys(named)
        if label not in labels
    ]


def _sharing(bench: Bench) -> list[str]:
    sharing = bench.sharing
    if sharing is None:
        return []
    problems = []
    if sharing.training_seed not in bench.training_seeds:
        problems.append(
            f"sharing.training_seed: {sharing.training_seed} is not among training_seeds {list(bench.training_seeds)}"
        )
    if sharing.layer not in bench.layers:
        problems.append(
            f"sharing.layer: {sharing.layer!r} is not among layers{near(sharing.layer, bench.layers)}: {', '.join(bench.layers)}"
        )
    labels = [method.title for method in bench.methods]
    problems += [
        f"sharing.methods: {name!r} is not among methods{near(name, labels)}: {', '.join(labels)}"
        for name in sharing.methods
        if name not in labels
    ]
    return problems
