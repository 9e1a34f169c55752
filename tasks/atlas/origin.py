"""The origin of an atlas's values: the study, the images, the packages, the user's own code."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from spikeatlas.snn.subjects import Source
from spikeatlas.tasks.atlas import write
from spikeatlas.tasks.atlas.open import layout_of, open_store, study_of
from spikeatlas.tasks.study.location import Place
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.study import Study
from spikeatlas.tasks.study.value_fields import own_sources, study_digest

PACKAGES = ("spikeatlas", "torch", "snntorch", "numpy", "zarr", "xarray", "prefect")


def attributes(run: Run, source: Source) -> dict[str, Any]:
    """Return the root's attributes; ``source``: the epochs of the run's network."""
    return {
        "title": "Spike Atlas: the most exciting image of every neuron over training",
        "study": run.study.model_dump_json(),
        "study_digest": run.digest,
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


def provenance(run: Run, images: str) -> dict[str, Any]:
    """Return the attributes of ``/provenance``; ``images``: the data set's digest (hex).

    ``sources``: the user's own members of the study's families, ``module:object``, with the SHA-256 of
    their source, as JSON; left out where there are none.
    """
    sources = own_sources(run.study)
    return {
        "data_digest": images,
        "platform": platform.platform(),
        "python": platform.python_version(),
        **({"sources": json.dumps(sources, sort_keys=True)} if sources else {}),
    }


def run_of_atlas(atlas: Place) -> Run:
    """Return the run of an atlas as it stands, wherever its folder was moved to.

    Of one in an object store, the folder is the study's.
    """
    root = open_store(atlas)
    here = (
        {"output": atlas.absolute().parent, "atlas": None}
        if isinstance(atlas, Path)
        else {"atlas": str(atlas)}
    )
    study = Study.model_validate({**study_of(root), **here})
    layout = layout_of(root)
    stochastic = layout.stochastic or study.network.stochastic
    return Run(study, study_digest(study), dict(layout.layers), layout.epochs, stochastic)
