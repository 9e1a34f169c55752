"""From a study to a run and a store: what must be known, and agreed on, before any work."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from spikeatlas.flows.checks.generator_checks import latent_of
from spikeatlas.snn.data import DataSet, choose_images
from spikeatlas.snn.files import digest_file
from spikeatlas.snn.networks import layer_sizes
from spikeatlas.snn.training import checkpoint_epochs, epoch_path, list_epochs
from spikeatlas.tasks.analysis.naturalness import known_of
from spikeatlas.tasks.atlas import (
    AtlasError,
    Layout,
    create,
    exists,
    extend,
    layout_json,
    layout_of,
    open_store,
    read,
    study_of,
    values,
    write,
)
from spikeatlas.tasks.study.location import Place
from spikeatlas.tasks.study.run import Block, Run, block_size, digest
from spikeatlas.tasks.study.study import Study
from spikeatlas.tasks.workers import models

RESULT_FREE = {
    "runner": None,
    "output": None,
    "atlas": None,
    "data": ("root", "download"),
    "network": ("checkpoints",),
    "generator": ("checkpoint",),
    "probe": ("epochs",),
    "watch": None,
}
"""Fields that change no value: where things are and run, and which epochs are looked at."""

PACKAGES = ("spikeatlas", "torch", "snntorch", "numpy", "zarr", "xarray", "prefect")


def run_of(study: Study) -> Run:
    """What the units of work are told about a (checked) study."""
    return Run(
        folder=study.output,
        store=study.atlas,
        data=study.data,
        network=study.network,
        training=study.training,
        generator=study.generator,
        search=study.search,
        responder=study.responder,
        analysis=study.analysis,
        classifier=study.classifier,
        layers=probed_layers(study, len(models.dataset(study.data).classes)),
        epochs=probed_epochs(study),
        seed=study.seed,
        study=digest(value_fields(study)),
    )


def probed_layers(study: Study, classes: int) -> dict[str, tuple[int, ...]]:
    """The probed neurons of each probed layer, shallow to deep."""
    sizes = layer_sizes(study.network, classes)
    wanted = sizes if study.probe.layers == "all" else study.probe.layers
    return {
        layer: _neurons(study.probe.neurons, layer, size)
        for layer, size in sizes.items()
        if layer in wanted
    }


def _neurons(wanted: Any, layer: str, size: int) -> tuple[int, ...]:
    if isinstance(wanted, dict):
        wanted = wanted.get(layer, "all")
    if wanted == "all":
        return tuple(range(size))
    if isinstance(wanted, int):
        return tuple(range(min(wanted, size)))
    return tuple(wanted)


def probed_epochs(study: Study) -> tuple[float, ...]:
    """The probed epochs, ascending: those asked for, or every checkpoint there is or will be."""
    if study.probe.epochs != "all":
        return tuple(sorted(set(study.probe.epochs)))
    if study.network.checkpoints is not None:
        return tuple(sorted(list_epochs(study.network.checkpoints)))
    return checkpoint_epochs(study.training.epochs)


def planned_epochs(study: Study, probed: tuple[float, ...]) -> tuple[float, ...]:
    """The epochs that the atlas has a place for: the ``probed`` ones, and those that are expected."""
    expected = () if study.watch is None else checkpoint_epochs(study.watch.max_epochs)
    return tuple(sorted({*probed, *expected}))


def value_fields(study: Study) -> dict[str, Any]:
    """The study as JSON values, less what changes no result: its digest names an atlas."""
    fields = study.model_dump(mode="json")
    for name, parts in RESULT_FREE.items():
        if parts is None:
            del fields[name]
        else:
            fields[name] = {key: value for key, value in fields[name].items() if key not in parts}
    if not study.search.share:
        # blocks change no value unless neurons share images within them
        del fields["search"]["neurons_per_task"]
    return fields


def fixed_fields(study: Study) -> dict[str, Any]:
    """The values that must stay as they are when an atlas goes on.

    Further epochs may have more repeats, as far as the atlas has a place for them, and be ablated.
    """
    fields = value_fields(study)
    del fields["search"]["repeats_at"]
    fields["search"]["repeats_at (most)"] = study.search.most_repeats
    fields["analysis"]["ablation"] = "some" if study.analysis.ablation else "none"
    return fields


def layout(study: Study, run: Run) -> Layout:
    """What to allocate for a run."""
    data = models.dataset(run.data)
    latent = latent_of(study.generator)
    return Layout(
        epochs=planned_epochs(study, run.epochs),
        layers=run.layers,
        blocks={
            layer: block_size(len(n), run.search.neurons_per_task)
            for layer, n in run.layers.items()
        },
        methods=study.search.methods,
        repeats=study.search.most_repeats,
        budget=study.search.budget,
        latent=latent.size,
        latent_dtype=latent.dtype.name,
        image=data.shape,
        classes=data.classes,
        screening=study.search.screening_images,
        warm_start=study.search.warm_start,
        diverse=study.search.diverse,
        naturalness=known_of(study.generator),
        **_natural(data, study.analysis.images),
        cross=study.analysis.cross,
        ablation=bool(study.analysis.ablation),
    )


def _natural(data: DataSet, count: int) -> dict[str, tuple[int, ...]]:
    """Which test images' responses are kept one by one."""
    images, first = choose_images(data.test.labels, count)
    return {
        "natural_images": tuple(images.tolist()),
        "natural_labels": tuple(data.test.labels[images].tolist()),
        "natural_first": tuple(first.astype(int).tolist()),
    }


def allocate(study: Study, run: Run) -> Run:
    """Create the store, or agree with the one that is there and add what epochs and repeats it lacks.

    Returns the run under the name that the store, and the checkpoints beside it, know the study by.
    """
    planned = layout(study, run)
    if not exists(run.atlas):
        create(run.atlas, planned, attributes(study, run, planned), provenance(study))
        return run
    agree(study, run)
    root = open_store(run.atlas)
    held = layout_of(root)
    epochs = tuple(sorted({*held.epochs, *planned.epochs}))
    if epochs != held.epochs:
        extend(run.atlas, held, Layout(**{**vars(held), "epochs": epochs}))
    made = Study.model_validate(study_of(root))
    grown = grown_by(made, study)
    if grown != made:
        write.note(run.atlas, "", {"study": grown.model_dump_json()})
    for block in repeats_to_add(run):
        write.clear_epoch(run.atlas, block.epoch)
        write.plan_repeats(run.atlas, block, run.repeats(block.epoch))
    return replace(run, study=str(root.attrs["study_digest"]))


def repeats_to_add(run: Run) -> list[Block]:
    """The blocks of which the study now wants more repeats than when the atlas's epochs were searched."""
    held = values(open_store(run.atlas), "epoch")
    return [
        block
        for epoch in run.epochs
        if epoch in held
        for block in read.unplanned(run.atlas, run.blocks(epoch), run.repeats(epoch))
    ]


def grown_by(made: Study, study: Study) -> Study:
    """The study that made an atlas, with the epochs that ``study`` gives more repeats, or ablates, beside its own."""
    repeats = {**(made.search.repeats_at or {}), **(study.search.repeats_at or {})}
    ablation = tuple(sorted({*made.analysis.ablation, *study.analysis.ablation}))
    return made.model_copy(
        update={
            "search": replace(made.search, repeats_at=repeats or None),
            "analysis": replace(made.analysis, ablation=ablation),
        }
    )


def attributes(study: Study, run: Run, planned: Layout) -> dict[str, Any]:
    """The root's attributes."""
    return {
        "title": "Spike Atlas: the most exciting image of every neuron over training",
        "study": study.model_dump_json(),
        "study_digest": run.study,
        "layout": layout_json(planned),
        "layers": list(planned.layers),
        "batch_size": study.responder.batch_size,
        "started": write.now(),
        "ended": "",
        **{f"{package}_version": version(package) for package in PACKAGES},
    }


def provenance(study: Study) -> dict[str, Any]:
    """Where the values come from."""
    return {
        "data_digest": models.dataset(study.data).digest(),
        "platform": platform.platform(),
        "python": platform.python_version(),
    }


def agree(study: Study, run: Run) -> None:
    """Raise AtlasError, naming the fields with both values, when another study made the atlas."""
    root = open_store(run.atlas)
    if root.attrs["study_digest"] != run.study:
        held = fixed_fields(Study.model_validate(study_of(root)))
        told = "; ".join(differences(held, fixed_fields(study)))
        # nothing to tell: the atlas is from before there was some field, and as its default makes it
        if told:
            message = (
                f"{run.atlas} was made by another study: {told}. Choose another output, "
                "or run with --fresh to discard what is there"
            )
            raise AtlasError(message)
    _agree_on_order(study, run)
    _agree_on_data(study, root, run.atlas)
    _agree_on_files(root, run)


def _agree_on_order(study: Study, run: Run) -> None:
    """With a warm start a result rests on the epoch before it: none may come to stand there later."""
    held = read.trained_epochs(run.atlas)
    early = [
        f"{epoch:g}" for epoch in run.epochs if epoch < max(held, default=0) and epoch not in held
    ]
    if study.search.warm_start and early:
        message = (
            f"probe.epochs: with search.warm_start each epoch starts from the one before, so {', '.join(early)} "
            f"cannot be added to {run.atlas}, which reaches {max(held):g}: add later epochs only, choose "
            "another output, or run with --fresh"
        )
        raise AtlasError(message)


def _agree_on_files(root: Any, run: Run) -> None:
    """The generator and the checkpoints that results rest on must be the ones that made them."""
    made = {run.generator_file: str(root.attrs.get("generator_digest", ""))}
    held = zip(values(root, "epoch"), values(root, "checkpoint_digest"), strict=True)
    made |= {epoch_path(run.checkpoints, float(epoch)): str(digest) for epoch, digest in held}
    for path, wanted in made.items():
        if wanted and path.exists() and wanted != _digest(run, path):
            message = (
                f"{path} has changed since {run.atlas} was made with it: put the old file back, "
                "choose another output, or run with --fresh"
            )
            raise AtlasError(message)


def _digest(run: Run, path: Path) -> str:
    return models.generator_digest(run) if path == run.generator_file else digest_file(path)


def _agree_on_data(study: Study, root: Any, path: Place) -> None:
    if root["provenance"].attrs["data_digest"] != models.dataset(study.data).digest():
        message = (
            f"{path} was made from other images than data.root={study.data.root} holds now: "
            "restore them, or run with --fresh"
        )
        raise AtlasError(message)


def differences(held: Mapping[str, Any], asked: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Every field that differs, as ``name: value in the atlas, value now``."""
    found: list[str] = []
    for key in sorted({*held, *asked}):
        old, new = held.get(key), asked.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            found += differences(old, new, f"{prefix}{key}.")
        elif old != new:
            found.append(f"{prefix}{key} is {json.dumps(new)} now, {json.dumps(old)} in the atlas")
    return found


def run_of_atlas(atlas: Place) -> Run:
    """The run of an atlas as it stands, wherever its folder was moved to.

    Of one in an object store, the folder is the study's.
    """
    root = open_store(atlas)
    here = (
        {"output": atlas.absolute().parent, "atlas": None}
        if isinstance(atlas, Path)
        else {"atlas": str(atlas)}
    )
    study = Study.model_validate({**study_of(root), **here})
    held = layout_of(root)
    return replace(run_of(study), epochs=held.epochs, layers=dict(held.layers))
