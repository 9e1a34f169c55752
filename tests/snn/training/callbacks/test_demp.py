"""Demon pruning: what is penalised, disturbed and cut, and that half of a layer dies on digits."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from spikeatlas.snn.data import Digits, load_data
from spikeatlas.snn.networks import NetworkSpec, SpikingNetwork
from spikeatlas.snn.training import Demp, Lesson, StepLearner, TrainingSite, TrainingSpec
from spikeatlas.snn.training.callbacks import one_cycle
from tests.snn.nets import network, toy_data

PARTS: dict[str, Any] = {"neuron": "relu", "decoding": "membrane", "norm": "batch"}
MLP = NetworkSpec(channels=(), hidden=(256, 256), time_steps=1, **PARTS)
"""The network of the sheet's recipe."""


class Deaf:
    """A teacher that remembers nothing."""

    def select(self, *_arguments: Any) -> None:
        return


def begun(built: SpikingNetwork, steps: int = 100, **fields: Any) -> Any:
    site: Any = TrainingSite(built, Deaf(), toy_data().train, steps, 0)  # type: ignore[arg-type]
    return Demp(**fields).begin(site)


@pytest.mark.parametrize("norm", ["batch", "bntt"])
def test_scales_are_penalised_and_weights_where_there_are_none(norm: str) -> None:
    built = network(norm=(norm, "none", norm, "none"))
    first, second, third, _ = built
    assert first.norm is not None
    assert third.norm is not None
    squares = sum(
        float((row.detach() ** 2).sum())
        for row in (*first.norm.scales(), second.operator.weight, *third.norm.scales())
    )

    for step in (0, 30, 60, 100):
        penalty = begun(built, penalty=0.2).penalty(step)
        assert penalty.item() == pytest.approx(0.5 * 0.2 * one_cycle(step / 100) * squares)
    (slope,) = torch.autograd.grad(begun(built, penalty=0.2).penalty(30), second.operator.weight)
    assert torch.allclose(slope, 0.2 * second.operator.weight)
    (slope,) = torch.autograd.grad(begun(built, penalty=0.2).penalty(0), first.norm.scales())
    assert torch.allclose(slope, 0.2 / 25 * first.norm.scales()[0])
    assert begun(built, penalty=0.0).penalty(30) is None


def test_noise_reaches_live_units_alone() -> None:
    built = network(norm="batch")
    before = [parameter.detach().clone() for parameter in built.parameters()]
    for parameter in built.parameters():
        parameter.grad = torch.zeros_like(parameter)
    first, _, third, _ = built
    assert first.operator.weight.grad is not None
    assert third.operator.weight.grad is not None
    first.operator.weight.grad[2, 0, 1, 1] = 1e-3
    third.operator.weight.grad[5, 7] = 1e-9

    begun(built, noise=0.5).after_step(30)

    changed = {
        name: (parameter != value).nonzero()[:, 0].unique().tolist()
        for (name, parameter), value in zip(built.named_parameters(), before, strict=True)
    }
    assert changed == {name: [] for name in changed} | {
        f"stages.0.{name}": [2]
        for name in ("operator.weight", "operator.bias", "norm.weight", "norm.bias")
    }


def test_the_penalty_makes_no_dead_unit_live() -> None:
    """Where weights are penalised, their gradients are not 0 though no image reaches the unit."""
    built = network(channels=(), neuron="relu", time_steps=1, decoding="membrane")
    first = next(iter(built))
    with torch.no_grad():
        first.operator.bias[3] = -1000.0  # type: ignore[index]
    before = first.operator.weight.detach().clone()
    demon = begun(built, penalty=0.1, noise=0.5)
    images = torch.from_numpy(toy_data().train.images)
    loss = built(built.normalise(images.float())[None]).square().mean()

    (loss + demon.penalty(30)).backward()
    assert first.operator.weight.grad is not None
    assert first.operator.weight.grad[3].any()
    demon.after_step(30)
    assert torch.equal(first.operator.weight[3], before[3])
    assert not torch.equal(first.operator.weight[2], before[2])


def test_noise_has_the_schedule_s_deviation() -> None:
    built = network(channels=(), hidden=(400,))
    weight = next(iter(built)).operator.weight
    before = weight.detach().clone()
    weight.grad = torch.ones_like(weight)
    begun(built, noise=0.5).after_step(30)
    assert float((weight.detach() - before).std()) == pytest.approx(0.5, rel=0.02)
    middle = weight.detach().clone()
    begun(built, noise=0.5).after_step(15)
    assert float((weight.detach() - middle).std()) == pytest.approx(0.5 * one_cycle(0.15), rel=0.02)


@pytest.mark.parametrize(("step", "size"), [(6, 8), (7, 6), (100, 6)])
def test_silent_units_are_cut_at_their_steps(step: int, size: int) -> None:
    built = network(threshold=0.2)
    with torch.no_grad():
        list(built)[2].operator.weight.abs_()[[1, 4]] *= -1
    begun(built, every=7, penalty=0.0).after_step(step)
    assert built.sizes["fc1"] == size
    if size < 8:
        units = list(built)[2].units
        assert units is not None
        assert units.tolist() == [0, 2, 3, 5, 6, 7]


def test_a_silent_layer_keeps_one_unit() -> None:
    built = network(threshold=1e6)
    begun(built, every=1).after_step(1)
    assert built.sizes == {"conv1": 1, "conv2": 1, "fc1": 1, "out": 10}


def learned(callbacks: tuple[Any, ...]) -> tuple[SpikingNetwork, float]:
    """The network after 40 epochs of digits, and its test accuracy."""
    data = load_data(Digits())
    spec = TrainingSpec(epochs=40, batch_size=64, lr=1e-2, callbacks=callbacks)
    learner = StepLearner(Lesson(MLP, spec, data, seed=0, study="s"))
    learner.train(learner.step_of(40))
    assert isinstance(learner.network, SpikingNetwork)
    return learner.network, learner.header(40).accuracy


def test_half_of_a_layer_dies_on_digits_and_the_accuracy_stays() -> None:
    """The bar of the sheet. Measured: 256 to 82 units; .987, dense .980, at random .971."""
    _, dense = learned(())
    cut, accuracy = learned(({"kind": "demp", "penalty": 0.1, "every": 200},))
    shares = tuple(1 - size / 256 for size in list(cut.sizes.values())[:-1])
    _, anyhow = learned(({"kind": "prune", "by": "random", "sparsity": shares},))

    assert cut.sizes["fc1"] <= 128
    assert accuracy >= dense - 0.02
    assert accuracy >= anyhow - 0.01
