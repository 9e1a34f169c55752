"""A user's module on another device than the processor."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spikeatlas.snn import device
from spikeatlas.snn.modules.capture import Capture
from spikeatlas.snn.modules.drive import ModuleDrive
from spikeatlas.snn.readings import LatencyReading
from tests.gpu import needs_gpu, stand_in
from tests.networks.showing import SHOWING, SNNTORCH, all_responses, module_source, picture_data

IMAGES = picture_data().test.images
THERE = dataclasses.replace(SHOWING, device="cuda")


@pytest.mark.parametrize("factory", ["tutorial", "nested_step"])
def test_hooks_answer_there_whatever_faster_way_there_is_here(
    monkeypatch: pytest.MonkeyPatch, factory: str
) -> None:
    stand_in(monkeypatch)
    subject = module_source(f"{SNNTORCH}:{factory}", time_steps=10).example()
    here, there = (all_responses(subject, IMAGES, showing) for showing in (SHOWING, THERE))
    for name, responses in here.items():
        np.testing.assert_array_equal(there[name], responses)
    lines = subject.responder({next(iter(here)): [0]}, THERE).describe()
    assert "hooks" in lines[0]
    assert "on cuda, where no compiled scan runs" in lines[0]
    np.testing.assert_array_equal(subject.scores(IMAGES, THERE), subject.scores(IMAGES, SHOWING))


def test_readings_are_read_there_too(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)
    subject = module_source(f"{SNNTORCH}:tutorial").example()
    here, there = (
        all_responses(
            subject, IMAGES, dataclasses.replace(showing, reading=LatencyReading(), unit="centre")
        )
        for showing in (SHOWING, THERE)
    )
    assert all(np.array_equal(there[name], here[name]) for name in here)


def test_the_weights_are_there_once(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)
    copies: list[nn.Module] = []
    copy_on = device.copy_on

    def copying(module: nn.Module, name: device.Device) -> nn.Module:
        copies.append(module)
        return copy_on(module, name)

    monkeypatch.setattr("spikeatlas.snn.modules.capture.copy_on", copying)
    subject = module_source(f"{SNNTORCH}:tutorial").example()
    for _ in range(3):
        all_responses(subject, IMAGES, THERE)
    assert len(copies) == 1


class _Stranger(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        del x
        raise RuntimeError("Expected all tensors to be on the same device, but found two")


def test_a_module_that_does_not_run_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)
    frames = torch.zeros(1, 2, 1, 8, 8)
    with pytest.raises(ValueError, match=r"does not run on cuda .*buffers"):
        Capture(_Stranger(), ModuleDrive("image"), "cuda").show(frames, {})
    with pytest.raises(
        ValueError, match=r"fails on an input of shape \(2, 1, 8, 8\) .*same device"
    ):
        Capture(_Stranger(), ModuleDrive("image")).show(frames, {})


def test_memory_that_does_not_suffice_is_a_smaller_batch() -> None:
    class Large(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            del x
            raise torch.OutOfMemoryError("Tried to allocate 90 GiB")

    with pytest.raises(ValueError, match=r"allocate 90 GiB\): lower responder.batch_size\."):
        Capture(Large(), ModuleDrive("image")).show(torch.zeros(1, 2, 1, 8, 8), {})


@needs_gpu
def test_few_spikes_differ_on_a_gpu() -> None:
    subject = module_source(f"{SNNTORCH}:tutorial").example()
    here, there = (all_responses(subject, IMAGES, showing) for showing in (SHOWING, THERE))
    for name, responses in here.items():
        assert np.abs(there[name] - responses).sum() <= 1e-3 * max(responses.sum(), 1)
