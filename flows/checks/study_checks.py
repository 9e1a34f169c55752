"""Checking a study whole before any work: all problems are found and listed together."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from spikeatlas.flows.checks.generator_checks import (
    caught,
    encoder_problems,
    generator_problems,
    latent_of,
    space_problems,
    space_to_try,
)
from spikeatlas.flows.checks.roots import outside
from spikeatlas.flows.prepare import agree, layout, probed_epochs, run_of
from spikeatlas.flows.runners import cluster
from spikeatlas.optim import (
    Space,
    can_start,
    make_maximizer,
    method_names,
    uses_pool,
    uses_screening,
)
from spikeatlas.optim.spaces.space import Points
from spikeatlas.snn.classifier.classifier import SMALLEST
from spikeatlas.snn.data import SMALLEST_CLASS, DataSet
from spikeatlas.snn.networks import layer_sizes
from spikeatlas.snn.responder import check_weights
from spikeatlas.snn.training import epoch_path, list_epochs, load_network, read_header
from spikeatlas.tasks.analysis.naturalness import known_of
from spikeatlas.tasks.atlas import exists, size_of
from spikeatlas.tasks.stages.screen import natural_images
from spikeatlas.tasks.study.location import Url, try_store
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.study import Study, StudyError, near, parse
from spikeatlas.tasks.workers import models

SPARE = 64 * 2**20
"""Bytes left free beyond the estimate: checkpoints, the generator, Prefect's database, the report."""


@dataclass(frozen=True)
class Checked:
    """A study that can run."""

    study: Study
    run: Run


def check(raw: Mapping[str, Any], *, fresh: bool = False) -> Checked:
    """Check everything that can be known now.

    Raises StudyError with one sentence a problem. ``fresh``: what is in the output folder will go, so it
    need not agree.
    """
    study, problems = parse(raw)
    if forbidden := outside(study):
        raise StudyError([*problems, *forbidden])
    problems = [
        *problems,
        *(
            p
            for part in (
                _url,
                _data,
                _probe,
                _epochs,
                _search,
                _repeats,
                _analysis,
                _screening,
                _generator,
                _naturalness,
                _classifier,
            )
            for p in part(study)
        ),
    ]
    if problems:
        raise StudyError(problems)
    run = run_of(study)
    problems = (
        _room_to_screen(study, run)
        or _place(study, run)
        or [
            *(_output(study, run) or [*_runner(study), *_memory(study)]),
            *([] if fresh else _store(study, run)),
        ]
    )
    if problems:
        raise StudyError(problems)
    return Checked(study, run)


def _url(study: Study) -> list[str]:
    """An atlas where none can be."""
    atlas = study.atlas
    return [] if atlas is None else caught("atlas", lambda: Url(atlas))


def _data(study: Study) -> list[str]:
    return caught("data", lambda: models.dataset(study.data))


def _images(study: Study) -> DataSet | None:
    """The data set, or None when it cannot be loaded (which _data says)."""
    try:
        return models.dataset(study.data)
    except (ValueError, OSError):
        return None


def _probe(study: Study) -> list[str]:
    """Unknown layers and neurons."""
    data = _images(study)
    sizes = layer_sizes(study.network, len(data.classes) if data else 1)
    neurons = study.probe.neurons
    named = [] if study.probe.layers == "all" else list(study.probe.layers)
    problems = [_unknown("probe.layers", name, sizes) for name in named if name not in sizes]
    if isinstance(neurons, dict):
        problems += [
            _unknown("probe.neurons", name, sizes) for name in neurons if name not in sizes
        ]
    if data is None or isinstance(neurons, int) or neurons == "all":
        return problems
    for layer in [name for name in named or sizes if name in sizes]:
        wanted = neurons.get(layer, ()) if isinstance(neurons, dict) else neurons
        problems += _neurons(layer, wanted, sizes[layer])
    return problems


def _neurons(layer: str, wanted: Iterable[int], size: int) -> list[str]:
    wanted = list(wanted)
    outside = [neuron for neuron in wanted if neuron >= size]
    problems = []
    if outside:
        told = ", ".join(map(str, outside))
        problems.append(
            f"probe.neurons: {told} is out of range for layer {layer}, which has neurons 0 to {size - 1}"
        )
    if len(set(wanted)) < len(wanted):
        problems.append(
            f"probe.neurons: {wanted} names a neuron of layer {layer} twice; name each once"
        )
    return problems


def _unknown(field: str, name: str, known: Iterable[str]) -> str:
    return f"{field}: there is no layer {name!r}{near(name, known)}; this network has {', '.join(known)}"


def _epochs(study: Study) -> list[str]:
    """Epochs without a checkpoint; checkpoints that do not fit."""
    wanted = study.probe.epochs
    folder = study.network.checkpoints
    if wanted == ():
        return ["probe.epochs: the list is empty; name at least one epoch, or write all"]
    if folder is None:
        last = study.training.epochs
        late = [epoch for epoch in ([] if wanted == "all" else wanted) if epoch > last]
        told = ", ".join(f"{epoch:g}" for epoch in late)
        return (
            [
                f"probe.epochs: {told} has no checkpoint, for training.epochs is {last}; probe 0 to {last}, or train longer"
            ]
            if late
            else []
        )
    if not folder.is_dir():
        return [
            f"network.checkpoints: there is no folder {folder}; give the folder that holds epoch-*.safetensors"
        ]
    return _given_checkpoints(study, folder)


def _given_checkpoints(study: Study, folder: Path) -> list[str]:
    held = list_epochs(folder)
    wanted = held if study.probe.epochs == "all" else study.probe.epochs
    missing = [epoch for epoch in wanted if epoch not in held]
    told = ", ".join(f"{epoch:g}" for epoch in missing)
    have = ", ".join(f"{epoch:g}" for epoch in sorted(held)) or "none"
    problems = (
        [f"probe.epochs: {told} has no checkpoint in {folder}, which holds epochs {have}"]
        if missing or not held
        else []
    )
    data = _images(study)
    if data is None:
        return problems
    for path in (held[epoch] for epoch in wanted if epoch in held):
        problems += caught(f"network.checkpoints: {path.name}", partial(_fits, path, study, data))
    return problems or _one_training(folder, [epoch for epoch in wanted if epoch in held])


def _fits(path: Path, study: Study, data: DataSet) -> None:
    """Raise ValueError for a checkpoint of another network, of a training that diverged, or without a header."""
    check_weights(load_network(path, study.network, data.shape, len(data.classes)))
    read_header(path)


def _one_training(folder: Path, epochs: Iterable[float]) -> list[str]:
    """Checkpoints that different studies trained."""
    trained: dict[str, list[float]] = {}
    for epoch in epochs:
        trained.setdefault(read_header(epoch_path(folder, epoch)).study, []).append(epoch)
    if len(trained) < 2:
        return []
    told = "; ".join(
        f"epochs {', '.join(f'{epoch:g}' for epoch in part)} of study {name[:12]}"
        for name, part in trained.items()
    )
    return [
        f"network.checkpoints: {folder} holds files of several studies ({told}); give a folder of one training"
    ]


def _search(study: Study) -> list[str]:
    """Unknown methods and options, and a budget below what a method needs."""
    search = study.search
    if not search.methods:
        return ["search.methods: the list is empty; name at least one method"]
    space = space_to_try(study.generator, study.search.space)
    if space is None:
        return space_problems(study.generator, study.search.space)
    problems = []
    for method in search.methods:
        options = (search.options or {}).get(method, {})
        if method not in method_names():
            problems += caught("search.methods", partial(uses_pool, method))
            continue
        make = partial(
            make_maximizer, method, space, seeds=[0], budget=search.budget, share=search.share,
            pool=_pool(study, space) if uses_pool(method) else None,
        )  # fmt: skip
        wrong = caught("search.methods", partial(make, **options))
        wrong = wrong or caught(
            "search.allocation", partial(make, allocation=search.allocation, **options)
        )
        problems += wrong or _warm_start(study, method, partial(make, **options))
    twice = sorted({method for method in search.methods if search.methods.count(method) > 1})
    problems += [f"search.methods: {method} stands there twice; name each once" for method in twice]
    for method in search.options or {}:
        if method not in search.methods:
            known = search.methods
            problems.append(
                f"search.options: {method!r} is not among search.methods{near(method, known)}: {', '.join(known)}"
            )
    return list(dict.fromkeys(problems))


def _repeats(study: Study) -> list[str]:
    """Repeats at epochs that are not probed, or that a warm start would have to do without."""
    wanted = study.search.repeats_at or {}
    if wanted and study.search.warm_start:
        message = (
            "search.repeats_at: with search.warm_start every repeat goes on from the epoch before, so all epochs "
            "have the same number; leave one of the two out"
        )
        return [message]
    return _not_probed(study, "search.repeats_at", wanted)


def _analysis(study: Study) -> list[str]:
    """Ablation at epochs that are not probed; more images than there are, or too few of a class to choose and test on."""
    analysis = study.analysis
    problems = _not_probed(study, "analysis.ablation", analysis.ablation)
    data = _images(study)
    if data is None:
        return problems
    held = len(data.test)
    if analysis.ablation and analysis.ablation_images > held:
        problems.append(
            f"analysis.ablation_images: {analysis.ablation_images} is more than the {held} test images there are; "
            f"give at most {held}"
        )
    least = SMALLEST_CLASS * len(data.classes)
    return problems + [
        f"analysis.{name}: {count} is below {least}, {SMALLEST_CLASS} images for each of {len(data.classes)} classes; "
        f"give at least {least}"
        for name, count in (("images", analysis.images), ("ablation_images", analysis.ablation_images))
        if count < least
    ]  # fmt: skip


def _not_probed(study: Study, field: str, wanted: Iterable[float]) -> list[str]:
    if _epochs(study):
        return []
    probed = probed_epochs(study)
    missing = ", ".join(f"{epoch:g}" for epoch in wanted if epoch not in probed)
    known = ", ".join(f"{epoch:g}" for epoch in probed)
    message = f"{field}: {missing} is not among the probed epochs {known}; name probed ones, or add it to probe.epochs"
    return [message] if missing else []


def _pool(study: Study, space: Space) -> Points:
    """Any points, as many as there are training images: how many is all that can be wrong."""
    data = _images(study)
    return space.sample(np.random.default_rng(0), len(data.train) if data else study.search.budget)


def _warm_start(study: Study, method: str, make: Callable[..., object]) -> list[str]:
    """A method that cannot start from a point; a budget whose half is below what it needs."""
    if not study.search.warm_start:
        return []
    if not can_start(method):
        able = ", ".join(name for name in method_names() if can_start(name))
        message = (
            f"search.warm_start: the method {method!r} cannot start from a given image; "
            f"choose from {able}, or set search.warm_start to false"
        )
        return [message]
    halves = partial(make, budget=study.search.budget // 2)
    return caught("search.warm_start: it halves the budget, and then", halves)


def _screening(study: Study) -> list[str]:
    """Natural screening images that have no latents, or more than there are training images."""
    wishes = [f"search.screening: {study.search.screening}"] if natural_images(study.search) else []
    wishes += [
        f"search.methods: {name}"
        for name in study.search.methods
        if name in method_names() and uses_pool(name)
    ]
    problems = encoder_problems(study.generator, wishes)
    if problems:
        return problems
    data = _images(study)
    wanted = natural_images(study.search) * study.search.most_repeats
    if data is None or wanted <= len(data.train):
        return []
    message = (
        f"search.screening_images: {study.search.most_repeats} repeats that share no image need {wanted} "
        f"training images, but there are {len(data.train)}; screen fewer, or with search.screening: prior"
    )
    return [message]


def _room_to_screen(study: Study, run: Run) -> list[str]:
    """A screening that takes all the budget of a search that learns from it."""
    search = study.search
    methods = [method for method in search.methods if uses_screening(method)]
    # sharing, all neurons of a block pay for it together
    payers = min(b.stop - b.start for b in run.blocks(run.epochs[0])) if search.share else 1
    budget = min(run.lanes(first=len(run.epochs) == 1))
    if not methods or search.screening_images < budget * payers:
        return []
    part = "half of search.budget (search.warm_start)" if search.warm_start else "search.budget"
    message = (
        f"search.screening_images: {search.screening_images} leave nothing of {part} ({budget} images a "
        f"neuron, {payers} paying together) to {', '.join(methods)}; screen fewer, or raise the budget"
    )
    return [message]


def _generator(study: Study) -> list[str]:
    data = _images(study)
    return [] if data is None else generator_problems(study.generator, data)


def _naturalness(study: Study) -> list[str]:
    """A prior or a naturalness that the generator does not have; both naturalness and diverse stimuli."""
    if caught("generator", partial(latent_of, study.generator)):
        return []
    search, known = study.search, known_of(study.generator)
    problems = []
    if known == "pixels" and search.prior != "uniform":
        problems.append(
            f"search.prior: {search.prior} codes are learnt from encoded images, which this adapter cannot make; "
            "set search.prior: uniform, or give the adapter an encode and a square grid of codes"
        )
    if search.naturalness and known in ("norm", "pixels"):
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


def _classifier(study: Study) -> list[str]:
    """Images that the classifier cannot look at."""
    data = _images(study)
    if study.classifier is None or data is None or data.size >= SMALLEST:
        return []
    return [
        (
            f"classifier: images of {data.size}x{data.size} pixels are too small, {SMALLEST}x{SMALLEST} are the least; "
            "give larger ones, or leave the section out"
        )
    ]


def _output(study: Study, run: Run) -> list[str]:
    """A folder that cannot be written, or a disk without room: tried, not read off mode bits."""
    folder = study.output
    probe = folder / f".writable-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return [
            f"output: {folder} cannot be written ({error.strerror}); choose a folder on a writable disk"
        ]
    needed = (size_of(layout(study, run)) if study.atlas is None else 0) + SPARE
    free = shutil.disk_usage(folder).free
    if free < needed:
        message = (
            f"output: the atlas may take {needed / 1e6:,.0f} MB, but {folder} has "
            f"{free / 1e6:,.0f} MB free; free some, or choose another disk"
        )
        return [message]
    return []


def _place(study: Study, run: Run) -> list[str]:
    """An object store that cannot be read or written: tried."""
    if study.atlas is None:
        return []
    return caught("atlas", lambda: try_store(run.atlas))


def _memory(study: Study) -> list[str]:
    """Workers that do not share the memory of this process."""
    kind = study.runner.kind
    if kind == "threads" or not (study.atlas or "").startswith("memory://"):
        return []
    message = (
        f"runner.kind: {kind} cannot write to {study.atlas}, which is the memory of one process: set kind: threads, or "
        "choose an atlas in a folder or in s3://"
    )
    return [message]


def _runner(study: Study) -> list[str]:
    """A package that is absent, a scheduler that does not answer, workers that are not like this process."""
    runner = study.runner
    return cluster.problems(runner.kind, runner.address, study.output)


def _store(study: Study, run: Run) -> list[str]:
    """An atlas that another study or a newer version made, or that is damaged."""
    if not exists(run.atlas):
        return []
    return caught(str(run.atlas), lambda: agree(study, run))
