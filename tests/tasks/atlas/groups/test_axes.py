"""The labels of the dimensions."""

from __future__ import annotations

import dataclasses

from spikeatlas.snn.training import TrainingAxis
from spikeatlas.tasks.atlas.groups.arrays import SMALLEST
from spikeatlas.tasks.atlas.groups.axes import axis


def test_epochs_say_what_they_count() -> None:
    stages = TrainingAxis("stage", "conversion stage", "1", "layers that spike")
    layout = dataclasses.replace(SMALLEST, axis=stages)

    assert axis(SMALLEST, None, "epoch").units == "epoch"
    assert axis(SMALLEST, None, "stimulus_epoch").long_name == "epoch of the stimulus"
    assert axis(layout, None, "epoch").long_name == "conversion stage"
    assert axis(layout, None, "epoch").comment == "layers that spike"
    assert axis(layout, None, "stimulus_epoch").long_name == "conversion stage of the stimulus"
    assert axis(layout, None, "stimulus_epoch").units == "1"
