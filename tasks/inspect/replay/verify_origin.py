"""The images, the network and the responder that a replay has, against those that made the atlas."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import model_serializer
from pydantic.dataclasses import dataclass

from spikeatlas.snn.data import DataSet, DataSpec, Split, load_data
from spikeatlas.snn.registry import SPEC
from spikeatlas.tasks.atlas import TEST_IMAGES, epoch_row, layout_of, open_store, study_of, values
from spikeatlas.tasks.atlas.agree import network_change
from spikeatlas.tasks.atlas.origin import images_now
from spikeatlas.tasks.study.digests import json_values
from spikeatlas.tasks.study.location import Place, place
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models


@dataclass(frozen=True, config=SPEC)
class StoredImages(DataSpec):
    """The images of a study, wherever they are now; without them, the test images that its atlas holds."""

    spec: DataSpec
    """As the study names them."""
    atlas: str

    @model_serializer
    def _named(self) -> Any:
        """Names of files that were trained from them follow from the study's own words."""
        return json_values(self.spec)

    def load(self) -> DataSet:
        """Load the images; from the atlas, its test images and none to train with."""
        at = place(self.atlas)
        try:
            return load_data(images_now(at).offline())
        except (OSError, ValueError):
            return images_of_atlas(at)


def images_of_atlas(at: Place) -> DataSet:
    """Return the test images that an atlas holds, if it does, with its classes; there are none to train with."""
    root = open_store(at)
    layout = layout_of(root)
    sizes = (layout.frames, *layout.image) if layout.frames else layout.image
    none = Split(np.zeros((0, *sizes), np.uint8), np.zeros(0, np.int64))
    labels = np.asarray(layout.test_labels, np.int64)
    test = Split(values(root, TEST_IMAGES), labels) if TEST_IMAGES in root else none
    return DataSet(none, test, layout.classes)


def replayable(run: Run) -> Run:
    """Return a run whose images can be had: its own where they can be read, else those of its atlas."""
    try:
        models.dataset(run.data)
    except (OSError, ValueError):
        return run.with_fields(data=StoredImages(run.data, str(run.atlas)))
    return run


def changed_checkpoint(run: Run, epoch: float) -> str | None:
    """Say what has become of the network of an epoch that was probed, if it is not the same."""
    root = open_store(run.atlas)
    probed = str(values(root, "progress/checkpoint_digest", epoch_row(root, epoch)))
    source = models.source(run)
    files = source.epochs()
    if epoch not in files:
        return f"its checkpoint (epoch {epoch:g}) is gone, so nothing can be replayed; put it back"
    if source.digest(epoch) != probed:
        name = files[epoch] or f"epoch {epoch:g}"
        return f"its checkpoint {name} is not the one that was probed (digest differs); put that one back"
    change = network_change(root, source, epoch)
    return None if change is None else f"{change}; nothing can be replayed"


def made_by(run: Run) -> str:
    """The kind of responder that made the atlas."""
    return str(study_of(open_store(run.atlas))["responder"]["kind"])
