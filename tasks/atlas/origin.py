"""The origin of an atlas's values: the study, the images, the packages, the user's own code."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import zarr

from spikeatlas.snn.data import DataSpec
from spikeatlas.snn.subjects import Source
from spikeatlas.tasks.atlas import write
from spikeatlas.tasks.atlas.open import layout_of, open_store, study_of
from spikeatlas.tasks.study.location import Place
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.study import Study
from spikeatlas.tasks.study.study_paths import (
    absolute_paths,
    changed_paths,
    moved_path,
    replaced_paths,
)
from spikeatlas.tasks.study.value_fields import own_sources, study_digest

PLACES = "places"
"""Attribute of the root: the study's paths, absolute, at its last run."""

PACKAGES = ("spikeatlas", "torch", "snntorch", "numpy", "zarr", "xarray", "prefect")


def attributes(run: Run, source: Source) -> dict[str, Any]:
    """Return the root's attributes; ``source``: the epochs of the run's network."""
    return {
        "title": "Spike Atlas: the most exciting image of every neuron over training",
        "study": run.study.model_dump_json(),
        "study_digest": run.digest,
        PLACES: absolute_paths(run.study),
        "layers": list(run.layers),
        **({"network_lacks": list(source.lacks)} if source.lacks else {}),
        **({"network_digest": source.network_digest} if source.network_digest else {}),
        # older atlases have the digest alone
        **({"network_parts": json.dumps(source.network_parts)} if source.network_parts else {}),
        "batch_size": run.responder.batch_size,
        "started": write.now(),
        "ended": "",
        "reported": "",
        **{f"{package}_version": version(package) for package in PACKAGES},
    }


def images_now(atlas: Place) -> DataSpec:
    """Return the images that an atlas was made from, where they were when its study ran, or beside its folder."""
    root = open_store(atlas)
    spec: DataSpec = DataSpec.family.read(_fields_now(root, atlas)["data"])
    return spec


def _fields_now(root: zarr.Group, atlas: Place) -> dict[str, Any]:
    """Return an atlas's study as JSON values, its paths where they are now."""
    fields = study_of(root)
    # older atlases have the paths of the study alone, relative to who knows what
    places = json.loads(str(root.attrs.get(PLACES, "{}")))
    fields = replaced_paths(fields, places)
    output = str(places.get("output", fields["output"]))
    if not isinstance(atlas, Path):
        return {**fields, "output": output, "atlas": str(atlas)}
    here = atlas.absolute().parent
    fields = changed_paths(fields, lambda path: moved_path(path, output, here))
    return {**fields, "output": str(here), "atlas": None}


def provenance(run: Run, images: str) -> dict[str, Any]:
    """Return the attributes of ``/provenance``; ``images``: the data set's digest (hex).

    ``sources``: the user's own members of the study's families, ``module:object``, with the SHA-256 of
    their source, as JSON; left out where there are none. ``stimulus_low``, ``stimulus_high``: what 0 and 255 of each
    number of a stimulus stand for, where it is no picture.
    """
    sources, bounds = own_sources(run.study), run.generator.bounds
    return {
        "data_digest": images,
        "platform": platform.platform(),
        "python": platform.python_version(),
        **({"sources": json.dumps(sources, sort_keys=True)} if sources else {}),
        **({"stimulus_low": bounds[0], "stimulus_high": bounds[1]} if bounds else {}),
    }


def run_of_atlas(atlas: Place) -> Run:
    """Return the run of an atlas as it stands, wherever its folder was moved to.

    What the study reads is where it was when it ran, or beside the folder as it was then. Of one in an object store,
    the folder is the study's.
    """
    root = open_store(atlas)
    fields = _fields_now(root, atlas)
    # the names of what was trained here follow from how the study itself names its images
    study = Study.model_validate({**fields, "data": study_of(root)["data"]})
    layout = layout_of(root)
    stochastic = layout.stochastic or study.network.stochastic
    return Run(study, study_digest(study), dict(layout.layers), layout.epochs, stochastic)
