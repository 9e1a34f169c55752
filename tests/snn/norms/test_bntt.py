"""Batch normalisation through time: its statistics, its scales and its exit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.networks import NetworkSpec, SpikingNetwork
from spikeatlas.snn.norms import bntt
from spikeatlas.snn.norms.bntt import StepBatchNorm
from spikeatlas.snn.subjects import ChainSubject
from spikeatlas.snn.training import CheckpointHeader, load_network
from spikeatlas.snn.training.checkpoints import save_network
from tests.snn.nets import network, noise_images


def chain(**fields: Any) -> NetworkSpec:
    return NetworkSpec(**fields)


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_of_one_step_it_is_batch_norm_without_shift() -> None:
    norm, plain = StepBatchNorm(1, 3), nn.BatchNorm2d(3, eps=1e-4)
    with torch.no_grad():
        norm.gamma[0] = plain.weight.copy_(torch.tensor([0.5, 1.0, 2.0]))
    currents, gradients = random(1, 6, 3, 4, 4) * 3 + 1, random(1, 6, 3, 4, 4, seed=1)
    ours, theirs = currents.clone().requires_grad_(), currents[0].clone().requires_grad_()
    normalised, expected = norm(ours), plain(theirs)
    torch.testing.assert_close(normalised[0], expected)
    normalised.backward(gradients)
    expected.backward(gradients[0])

    assert theirs.grad is not None
    assert plain.weight.grad is not None
    torch.testing.assert_close(ours.grad, theirs.grad[None])
    torch.testing.assert_close(norm.gamma.grad, plain.weight.grad[None])
    torch.testing.assert_close(norm.running_var[0], plain.running_var)
    torch.testing.assert_close(norm.eval()(currents)[0], plain.eval()(currents[0]))


def test_large_steps_go_one_by_one_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    currents, gradients, results = random(4, 6, 3, 5, 5), random(4, 6, 3, 5, 5, seed=1), []
    for large in (0, 2**16):
        monkeypatch.setattr(bntt, "_LARGE", large)
        norm, leaf = StepBatchNorm(4, 3), currents.clone().requires_grad_()
        with torch.no_grad():
            norm.gamma.copy_(random(4, 3, seed=2))
        normalised = norm(leaf)
        slopes = torch.autograd.grad(normalised, (leaf, norm.gamma), gradients)
        results.append((normalised, *slopes, norm.running_mean, norm.running_var))

    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_steps_statistics_change_by_its_own_input_alone() -> None:
    norms = [StepBatchNorm(4, 3) for _ in range(2)]
    currents = random(4, 6, 3, 2, 2)
    others = currents.clone()
    others[2] *= 5
    for norm, inputs in zip(norms, (currents, others), strict=True):
        norm(inputs)

    for name in ("running_mean", "running_var"):
        changes = getattr(norms[0], name) != getattr(norms[1], name)
        assert changes.all(1).tolist() == [False, False, True, False]
        assert changes.any(1).tolist() == [False, False, True, False]


def test_training_step_after_step_learns_the_same() -> None:
    whole, stepped = StepBatchNorm(4, 3), StepBatchNorm(4, 3)
    currents = random(4, 6, 3, 2, 2)
    outputs = torch.cat([stepped(currents[step : step + 1], step) for step in range(4)])

    torch.testing.assert_close(outputs, whole(currents))
    for name, values in whole.state_dict().items():
        torch.testing.assert_close(stepped.state_dict()[name], values)


def test_a_layer_has_a_scale_for_each_step_and_channel() -> None:
    parameters = sum(values.numel() for values in StepBatchNorm(7, 5).parameters())

    assert parameters == 7 * 5


def test_one_image_of_units_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot learn from one image"):
        StepBatchNorm(4, 3)(random(4, 1, 3))


def exiting(means: list[list[float]], **fields: Any) -> SpikingNetwork:
    """A network of 6 steps whose layers' mean scales are these."""
    norm = {"kind": "bntt", "exit_below": 0.1}
    made = network(channels=(), hidden=(5,), time_steps=6, norm=norm, **fields)
    for layer, values in zip(made, means, strict=True):
        assert isinstance(layer.norm, StepBatchNorm)
        with torch.no_grad():
            layer.norm.gamma.copy_(torch.tensor(values)[:, None].expand(6, layer.size))
    return made


FALLING = [1.0, 0.5, 0.2, 0.05, 0.04, 0.03]
LATER = [1.0, 0.5, 0.2, 0.2, 0.09, 0.03]


@pytest.mark.parametrize("coding", ["current", "poisson"])
def test_it_is_shown_the_steps_before_all_scales_are_small(coding: str) -> None:
    made = exiting([FALLING, LATER], coding=coding)
    assert made.time_steps == 6
    subject = ChainSubject(made.eval())

    assert (subject.time_steps, subject.layers["fc1"].unit.quantum) == (4, 1 / 4)
    images, key = noise_images(3), CodingKey(0, "", "search")
    inputs = encode(made, images, key)
    assert len(inputs) == (1 if coding == "current" else 4)
    whole = exiting([FALLING, LATER], coding=coding)
    for layer in whole:
        layer.norm.exit_below = None  # type: ignore[union-attr]
    whole.eval()
    assert torch.equal(made(inputs), whole(encode(whole, images, key))[:4])
    assert made.train().time_steps == 6


@pytest.mark.parametrize(("means", "steps"), [([FALLING, [1.0] * 6], 6), ([[0.01] * 6] * 2, 1)])
def test_it_exits_nowhere_or_after_one_step(means: list[list[float]], steps: int) -> None:
    assert exiting(means).eval().time_steps == steps


def test_a_checkpoint_of_other_steps_is_told(tmp_path: Path) -> None:
    path, spec = (
        tmp_path / "epoch-0.safetensors",
        chain(norm="bntt", channels=(), time_steps=5),
    )
    made = network(norm="bntt", channels=(), hidden=(64,), time_steps=7)
    save_network(path, made, CheckpointHeader(0, 0, 0, 0.0, 0.0, "s"))

    with pytest.raises(
        ValueError, match=r"trained over 7 time steps.*network\.time_steps is 5, it must be 7"
    ):
        load_network(path, spec, (1, 8, 8), 10)
