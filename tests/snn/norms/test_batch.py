"""Batch normalisation shared by all steps."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from spikeatlas.snn.networks import NetworkSpec
from spikeatlas.snn.norms.batch import SharedBatchNorm, SteppedBatchNorm
from spikeatlas.snn.training import TrainingSpec
from spikeatlas.snn.training.backends import EagerBackend


def test_it_is_torchs_over_images_positions_and_steps() -> None:
    norm, plain = SharedBatchNorm(3), nn.BatchNorm2d(3)
    currents = torch.randn((4, 6, 3, 2, 2), generator=torch.Generator().manual_seed(0)) * 2 + 1
    frames = currents.flatten(0, 1)

    assert torch.equal(norm(currents).flatten(0, 1), plain(frames))
    norm.eval()
    plain.eval()
    torch.testing.assert_close(norm(currents).flatten(0, 1), plain(frames))


def test_steps_may_have_statistics_of_their_own_in_training() -> None:
    norm, plain = SteppedBatchNorm(3), nn.BatchNorm2d(3)
    currents = torch.randn((4, 6, 3, 2, 2), generator=torch.Generator().manual_seed(0)) * 2 + 1

    assert torch.equal(norm(currents), torch.stack([plain(step) for step in currents]))
    assert norm.timed
    assert plain.running_var is not None
    assert torch.equal(norm.running_var, plain.running_var)
    norm.eval()
    plain.eval()
    torch.testing.assert_close(norm(currents), torch.stack([plain(step) for step in currents]))
    assert not norm.timed


def chain(**fields: Any) -> NetworkSpec:
    return NetworkSpec(**fields)


def eager_problems(network: NetworkSpec) -> list[str]:
    return TrainingSpec(backend=EagerBackend()).backend_problems(network)


def test_it_is_not_trained_step_after_step() -> None:
    network = chain(norm=("batch", "bntt", "none", "none"))

    assert TrainingSpec().backend_problems(network) == []
    (problem,) = eager_problems(network)
    assert problem.startswith("network.norm: batch takes the statistics of all time steps together")
    row = {"kind": "sequence", "parts": ["batch", "sparsify"]}
    assert eager_problems(chain(norm=row))
    assert eager_problems(chain(norm="bntt")) == []
    assert eager_problems(chain(norm={"kind": "batch", "statistics": "step"})) == []
