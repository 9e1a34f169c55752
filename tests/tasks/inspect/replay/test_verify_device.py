"""Replays on another device than the atlas's."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
import zarr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.snn.device import Device
from spikeatlas.tasks.atlas import open_store, study_of, write
from spikeatlas.tasks.atlas.origin import run_of_atlas
from spikeatlas.tasks.inspect.replay.replay_verdict import Verdict
from spikeatlas.tasks.inspect.replay.verify import verify
from spikeatlas.tasks.inspect.replay.verify_device import (
    Devices,
    SpikeCount,
    replayed_on,
    summed,
    unlike,
)
from tests.gpu import stand_in


def of_cuda(checked: Checked) -> None:
    """Let an atlas say that it was made on a GPU."""
    study = study_of(open_store(checked.run.atlas))
    study["responder"]["device"] = "cuda"
    write.note(checked.run.atlas, "", {"study": json.dumps(study)})


def replay(checked: Checked, device: Device | None = None) -> Verdict:
    return verify(run_of_atlas(checked.run.atlas), device=device)


@pytest.fixture
def _without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.mark.usefixtures("_without")
def test_spikes_that_another_device_changes_are_counted_by_layer(copied: Checked) -> None:
    of_cuda(copied)
    response = zarr.open_group(copied.run.atlas, mode="r+")["layers/fc1/response"]
    # two spikes of a unit that runs six steps
    response[1, 2, 1, 0] += np.float32(2 / 6)  # type: ignore[index, operator]

    verdict = replay(copied)
    assert (verdict.devices.origin, verdict.devices.replay) == ("cuda", "cpu")
    assert verdict.devices.spikes["fc1"].different == 2
    assert verdict.devices.spikes["conv2"].different == 0
    assert verdict.devices.spikes["conv2"].total > 0
    assert verdict.devices.lines[0].startswith("made on cuda, replayed on cpu")
    assert any(line.startswith("fc1: 2 of ") for line in verdict.devices.lines)
    assert not any("replay gives" in problem for problem in verdict.problems)


def test_a_replay_is_on_the_atlass_own_device_where_that_is_here(
    copied: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch)
    of_cuda(copied)
    verdict = replay(copied)
    assert verdict.sound, verdict.problems
    assert verdict.devices.lines == ["made and replayed on cuda"]


def test_a_cpu_atlas_is_replayed_where_it_is_asked_for(
    made: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch)
    verdict = replay(made, "cuda")
    assert verdict.sound
    assert (verdict.devices.origin, verdict.devices.replay) == ("cpu", "cuda")
    assert {count.different for count in verdict.devices.spikes.values()} == {0}


@pytest.mark.usefixtures("_without")
def test_a_device_that_is_not_here_is_a_sentence(made: Checked) -> None:
    assert replay(made).devices.lines == ["made and replayed on cpu"]
    with pytest.raises(ValueError, match="--device: cuda"):
        replayed_on(run_of_atlas(made.run.atlas), "cuda")


def test_too_many_differing_spikes_are_not_sound() -> None:
    assert Devices("cuda", "cpu", {"a": SpikeCount(1, 100)}).sound
    assert not Devices("cuda", "cpu", {"a": SpikeCount(0, 100), "b": SpikeCount(2, 100)}).sound
    parts = ({"a": SpikeCount(1, 5)}, {"a": SpikeCount(2, 6), "b": SpikeCount(0, 1)})
    assert summed(parts) == {"a": SpikeCount(3, 11), "b": SpikeCount(0, 1)}


def test_a_decoded_pixel_may_differ_by_a_level_on_another_device() -> None:
    image = np.full((2, 1, 2, 2), 100, np.uint8)
    other = image.copy()
    other[0, 0, 0, 0], other[1, 0, 0] = 101, 90
    assert unlike(other, image, foreign=False).tolist() == [1, 2]
    assert unlike(other, image, foreign=True).tolist() == [0, 2]
