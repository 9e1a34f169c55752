"""The store of a run: its layout, whole before any work, or grown by what its study asks for beyond it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from spikeatlas.snn.data import DataSet, choose_images, count_words
from spikeatlas.snn.importance import ImageImportanceSpec, ImportanceSpec
from spikeatlas.snn.subjects import SPIKE_RATE, LayerInfo, Source
from spikeatlas.snn.training import EPOCHS, TrainingAxis, checkpoint_epochs
from spikeatlas.tasks.atlas import read, write
from spikeatlas.tasks.atlas.agree import agree
from spikeatlas.tasks.atlas.create import create
from spikeatlas.tasks.atlas.extend import extend
from spikeatlas.tasks.atlas.groups.of_layers.natural_group import TEST_IMAGES
from spikeatlas.tasks.atlas.groups.progress_group import EPOCH
from spikeatlas.tasks.atlas.layout import Layout, Named, UnitFields
from spikeatlas.tasks.atlas.open import exists, layout_of, open_store, study_of, values
from spikeatlas.tasks.atlas.origin import PLACES, attributes, provenance
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.specs import AnalysisSpec
from spikeatlas.tasks.study.study import Study
from spikeatlas.tasks.study.study_paths import absolute_paths


def study_layout(run: Run, data: DataSet, source: Source) -> Layout:
    """Return what to allocate for a run on ``data``, of the network ``source``."""
    study, latent = run.study, run.generator.latent
    return Layout(
        epochs=expected_epochs(run),
        layers=run.layers,
        blocks={layer: run.block_size(layer) for layer in run.layers},
        methods=tuple(entry.label for entry in study.search.entries),
        signs=tuple(entry.sign for entry in study.search.entries)
        if study.search.sign == "both"
        else (),
        repeats=study.search.most_repeats,
        budget=study.search.budget,
        latent=latent.size,
        latent_dtype=latent.dtype.name,
        image=data.shape,
        frames=data.frames or 0,
        classes=data.classes,
        screening=study.search.screening_images,
        warm_start=study.search.warm_start,
        margin=study.search.response == "margin",
        diverse=study.search.diverse,
        naturalness=study.generator.naturalness,
        **_natural(data, study.analysis.images),
        cross=study.analysis.cross,
        ablation=bool(study.analysis.ablation),
        life=study.analysis.life,
        network=study.seed,
        spike_steps=spike_steps(source.layers, run.layers),
        units=further_units(source.layers, run.layers),
        stochastic=source.stochastic,
        lacks=source.lacks,
        outputs=source.outputs,
        references=tuple(layer for layer in run.layers if source.layers[layer].unit.relative),
        fingerprints=bool(source.network_digest),
        scaled_steps=source.scaled_steps,
        certified=source.certified,
        acts=source.acts,
        axis=training_axis(run),
        desires=study.desire is not None,
        test_labels=tuple(data.test.labels.tolist()),
        position=str(study.analysis.position or ""),
        lengths=study.analysis.lengths,
        measures=brought_measures(study.analysis),
        importance=tuple(map(_named, study.analysis.further_importance)),
        class_importance=tuple(
            _named(spec)
            for spec in study.analysis.further_importance
            if isinstance(spec, ImageImportanceSpec)
        ),
    )


def _named(spec: ImportanceSpec) -> Named:
    return Named(spec.variable, spec.long_name, spec.units, spec.comment)


def training_axis(run: Run) -> TrainingAxis | None:
    """Return what a training's epochs count, where that is not its passes through the images."""
    axis = run.training.method.axis
    return axis if run.network.trained_here and axis != EPOCHS else None


def brought_measures(analysis: AnalysisSpec) -> tuple[Named, ...]:
    """Return the arrays of the study's own measures of selectivity."""
    return tuple(
        Named(name, *quantity)
        for measure in analysis.further_measures
        for name, quantity in measure.quantities.items()
    )


def spike_steps(infos: Mapping[str, LayerInfo], layers: Iterable[str]) -> dict[str, float]:
    """Return what one spike, in one showing, adds to a response, by layer; no layer whose units do not spike."""
    quanta = {layer: infos[layer].unit.quantum for layer in layers}
    return {layer: quantum for layer, quantum in quanta.items() if quantum is not None}


def further_units(infos: Mapping[str, LayerInfo], layers: Iterable[str]) -> dict[str, UnitFields]:
    """Return the units of the layers that are measured in other ones than spikes a step and position."""
    units = {layer: infos[layer].unit for layer in layers}
    return {
        layer: UnitFields(unit.name, unit.bottom, unit.top)
        for layer, unit in units.items()
        if (unit.name, unit.bottom, unit.top) != (SPIKE_RATE, 0, 1)
    }


def expected_epochs(run: Run) -> tuple[float, ...]:
    """Return the epochs that the atlas has room for: the probed ones, and those that are expected."""
    watch = run.study.watch
    expected = () if watch is None else checkpoint_epochs(watch.max_epochs)
    return tuple(sorted({*run.epochs, *expected}))


def _natural(data: DataSet, count: int) -> dict[str, tuple[int, ...]]:
    """Return the test images whose responses are kept one by one."""
    images, first = choose_images(data.test.labels, count)
    return {
        "natural_images": tuple(images.tolist()),
        "natural_labels": tuple(data.test.labels[images].tolist()),
        "natural_first": tuple(first.astype(int).tolist()),
    }


def allocate(run: Run, layout: Layout, data: DataSet, source: Source) -> Run:
    """Create the store, or agree with the one that is there and add what epochs and repeats it lacks.

    Returns the run under the digest that the store, and the checkpoints beside it, know the study by.
    """
    images = data.digest()
    if not exists(run.atlas):
        filled = {TEST_IMAGES: data.test.images}
        origin = {**provenance(run, images), **_images(data)}
        create(run.atlas, layout, attributes(run, source), origin, filled=filled)
        return run
    agree(run, source, images)
    root = open_store(run.atlas)
    _extend_epochs(run, layout_of(root), layout)
    before = Study.model_validate(study_of(root))
    merged = merge(before, run.study)
    notes = {"study": merged.model_dump_json()} if merged != before else {}
    if (places := absolute_paths(run.study)) != root.attrs.get(PLACES):
        notes[PLACES] = places
    if notes:
        write.note(run.atlas, "", notes)
    for block in repeats_to_add(run):
        write.clear_epoch(run.atlas, block.epoch)
        write.plan_repeats(run.atlas, block, run.repeats(block.epoch))
    return replace(run, digest=str(root.attrs["study_digest"]))


def _images(data: DataSet) -> dict[str, Any]:
    """Return what ``/provenance`` tells of the images: how many there are, and what was left out or looks wrong."""
    notes = {"images_notes": list(data.notes)} if data.notes else {}
    return {"images": count_words(data), **notes}


def _extend_epochs(run: Run, before: Layout, layout: Layout) -> None:
    epochs = tuple(sorted({*before.epochs, *layout.epochs}))
    if epochs != before.epochs:
        extend(run.atlas, before, Layout(**{**vars(before), "epochs": epochs}))


def repeats_to_add(run: Run) -> list[Block]:
    """Return the blocks of which the study now asks for more repeats than when they were searched."""
    epochs = values(open_store(run.atlas), EPOCH)
    return [
        block
        for epoch in run.epochs
        if epoch in epochs
        for block in read.unplanned(run.atlas, run.blocks(epoch), run.repeats(epoch))
    ]


def merge(before: Study, study: Study) -> Study:
    """Return the study that made an atlas, with the epochs that ``study`` repeats more, or ablates, beside its own."""
    repeats = {**(before.search.repeats_at or {}), **(study.search.repeats_at or {})}
    ablation = tuple(sorted({*before.analysis.ablation, *study.analysis.ablation}))
    return before.model_copy(
        update={
            "search": replace(before.search, repeats_at=repeats or None),
            "analysis": replace(before.analysis, ablation=ablation),
        }
    )
