"""Training on another device than the processor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from spikeatlas.snn.files import load_checkpoint
from spikeatlas.snn.networks import NetworkSpec
from spikeatlas.snn.training import TrainingSpec, epoch_path, read_header, train_network
from tests.gpu import needs_gpu, stand_in
from tests.snn.nets import toy_data

SPEC = NetworkSpec(channels=(3,), hidden=(4,), time_steps=4)


def train(folder: Path, **fields: Any) -> dict[str, torch.Tensor]:
    training = TrainingSpec(epochs=1, batch_size=12, **fields)
    train_network(SPEC, training, toy_data(), folder=folder, seed=0, study="s")
    return load_checkpoint(epoch_path(folder, 1))[0]


def test_the_checkpoint_is_that_of_the_processor_where_that_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = train(tmp_path / "cpu")
    stand_in(monkeypatch)
    there = train(tmp_path / "cuda", device="cuda")
    assert here.keys() == there.keys()
    assert all(torch.equal(values, there[name]) for name, values in here.items())


def test_a_gpu_that_is_not_here_ends_it_before_a_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="no CUDA device"):
        train(tmp_path, device="cuda")
    assert not list(tmp_path.iterdir())


@needs_gpu
@pytest.mark.parametrize("backend", ["fused", "eager"])
def test_a_gpu_learns(tmp_path: Path, backend: Any) -> None:
    tensors = train(tmp_path, device="cuda", backend=backend)
    assert all(tensor.device.type == "cpu" for tensor in tensors.values())
    assert read_header(epoch_path(tmp_path, 1)).accuracy > 0.5
