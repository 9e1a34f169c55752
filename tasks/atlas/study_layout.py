"""The layout of a study's atlas: its dimensions, as the study and its images have them."""

from __future__ import annotations

from spikeatlas.snn.data import DataSet
from spikeatlas.snn.training import checkpoint_epochs
from spikeatlas.tasks.analysis.image_choice import kept_images
from spikeatlas.tasks.analysis.naturalness import known_of
from spikeatlas.tasks.atlas.schema import Layout
from spikeatlas.tasks.study.latent_space import latent_of
from spikeatlas.tasks.study.run import Run


def study_layout(run: Run, data: DataSet) -> Layout:
    """Return what to allocate for a run on ``data``."""
    study, latent = run.study, latent_of(run.generator)
    return Layout(
        epochs=expected_epochs(run),
        layers=run.layers,
        blocks={layer: run.block_size(layer) for layer in run.layers},
        methods=study.search.labels,
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


def expected_epochs(run: Run) -> tuple[float, ...]:
    """Return the epochs that the atlas has room for: the probed ones, and those that are expected."""
    watch = run.study.watch
    expected = () if watch is None else checkpoint_epochs(watch.max_epochs)
    return tuple(sorted({*run.epochs, *expected}))


def _natural(data: DataSet, count: int) -> dict[str, tuple[int, ...]]:
    """Return the test images whose responses are kept one by one."""
    images, first = kept_images(data.test.labels, count)
    return {
        "natural_images": tuple(images.tolist()),
        "natural_labels": tuple(data.test.labels[images].tolist()),
        "natural_first": tuple(first.astype(int).tolist()),
    }
