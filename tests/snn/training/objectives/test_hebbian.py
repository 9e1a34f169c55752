"""The Hebbian / anti-Hebbian cost: by its equation, local, and a rotation towards what is won."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from spikeatlas.snn.networks import Architecture, NetworkSpec, ResNetArchitecture, SpikingNetwork
from spikeatlas.snn.training import TrainingSpec
from spikeatlas.snn.training.layer_terms import LayerTerms
from spikeatlas.snn.training.objectives import CrossEntropy, Hebbian
from tests.snn.nets import network


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("layer", "channels"), [("conv1", 13), ("fc1", 8), ("conv2", 1)])
def test_the_cost_by_a_loop_over_positions(layer: str, channels: int) -> None:
    made = network(channels=(13, 1), hidden=(8,), bias=False)
    part = made.upto([layer])[-1]
    inputs = random(3, part.operator.weight.shape[1], *(5, 6)[: part.operator.weight.dim() - 2])
    loss = Hebbian(top=0.2, demote=0.3).layer_loss(part, inputs)

    weight = part.operator.weight
    lengths = weight.flatten(1).norm(dim=1) + 1e-6
    plain = (
        part.operator(inputs).flatten(2) if weight.dim() == 4 else part.operator(inputs)[..., None]
    )
    count, costs = math.ceil(0.2 * channels), []
    for image in plain:
        for position in (image / lengths[:, None]).T:
            ordered = position.relu().sort(descending=True).values
            others = ordered[count:].mean() if channels > count else torch.zeros(())
            costs.append(ordered[:count].mean() - 0.3 * others)
    torch.testing.assert_close(loss, -torch.stack(costs).mean())


def test_of_equal_channels_each_has_its_share() -> None:
    made = network(channels=(4,), hidden=(), bias=False)
    operator = next(iter(made)).operator
    with torch.no_grad():
        operator.weight[1:] = operator.weight[:1]
    inputs = random(3, 1, 8, 8)

    loss = Hebbian(top=0.5, demote=0.3).layer_loss(next(iter(made)), inputs)
    loss.backward()

    filters = nn.functional.normalize(operator.weight.detach().flatten(1))
    response = functional.unfold(inputs, 3, padding=1).transpose(1, 2) @ filters[0]
    torch.testing.assert_close(
        loss.detach(), -(1 - 0.3) * response.relu().mean(), rtol=1e-4, atol=1e-6
    )
    assert operator.weight.grad is not None
    torch.testing.assert_close(
        operator.weight.grad[1:], operator.weight.grad[:1].expand(3, -1, -1, -1)
    )


def after_backward(made: SpikingNetwork, *, eager: bool, objective: Hebbian) -> dict[str, Any]:
    terms = LayerTerms(made, (objective,))
    run = terms.recording(made.unroll if eager else made, stepwise=eager)
    run(random(made.time_steps, 4, 1, 8, 8).abs())
    torch.stack(terms.losses()).sum().backward()
    assert not any(module._forward_pre_hooks for module in made.modules())
    return {name: values.grad for name, values in made.named_parameters()}


@pytest.mark.parametrize("norm", ["none", "hah"])
def test_the_gradient_touches_one_layers_weight_only(norm: str) -> None:
    gradients = {
        eager: after_backward(
            network(bias=False, norm=norm), eager=eager, objective=Hebbian(layers=("conv2",))
        )
        for eager in (False, True)
    }

    for row in gradients.values():
        assert [name for name, gradient in row.items() if gradient is not None] == [
            "stages.1.operator.weight"
        ]
    torch.testing.assert_close(*(row["stages.1.operator.weight"] for row in gradients.values()))


def test_each_layer_has_its_weight() -> None:
    single = after_backward(network(), eager=False, objective=Hebbian(alpha=1.0))
    double = after_backward(network(), eager=False, objective=Hebbian(alpha=(2.0, 0.0, 1.0)))

    torch.testing.assert_close(
        double["stages.0.operator.weight"], 2 * single["stages.0.operator.weight"]
    )
    assert double["stages.1.operator.weight"] is None
    torch.testing.assert_close(
        double["stages.2.operator.weight"], single["stages.2.operator.weight"]
    )


def test_a_step_turns_a_winners_filter_towards_the_mean_of_the_patches_it_won() -> None:
    made = network(channels=(6,), hidden=(), bias=False)
    layer = next(iter(made))
    images = random(8, 1, 8, 8)
    operator = layer.operator
    Hebbian(top=0.1).layer_loss(layer, images).backward()

    assert operator.weight.grad is not None
    patches = functional.unfold(images, 3, padding=1).transpose(1, 2).reshape(-1, 9)
    filters = nn.functional.normalize(operator.weight.detach().flatten(1))
    responses = patches @ filters.T
    winner = int(responses.argmax(1).bincount().argmax())
    won = patches[(responses.argmax(1) == winner) & (responses[:, winner] > 0)].mean(0)
    stepped = filters[winner] - 0.5 * operator.weight.grad.flatten(1)[winner]
    before, after = (
        functional.cosine_similarity(row, won, 0) for row in (filters[winner], stepped)
    )
    assert after > before


def test_what_it_cannot_be_asked_of() -> None:
    def problems(objective: Hebbian, spec: Architecture | None = None) -> list[str]:
        training = TrainingSpec(objectives=(CrossEntropy(), objective))
        return training.problems(spec or NetworkSpec())

    assert problems(Hebbian()) == []
    assert (
        "names layer 'conv9', but the network has conv1" in problems(Hebbian(layers=("conv9",)))[0]
    )
    assert "names layer conv1 2 times" in problems(Hebbian(layers=("conv1", "conv1")))[0]
    assert "alpha of hebbian has 2 values" in problems(Hebbian(alpha=(0.1, 0.1)))[0]
    assert "network.kind: chain" in problems(Hebbian(), ResNetArchitecture())[0]
