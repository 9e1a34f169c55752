"""Plans: what is chosen and said, and that a module nobody knows slows its own layer alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from spikeatlas.snn.networks import SpikingLayer, SpikingNetwork
from spikeatlas.snn.neurons.leaky import LeakyNeuron
from spikeatlas.snn.responder.planner import Plan
from spikeatlas.snn.responder.responder import Responder
from tests.snn.responder.small import compare, network, pictures, with_neurons


def ways(plan: Plan) -> list[str]:
    return [layer.way for layer in plan.layers]


def test_a_wide_network_is_factorised() -> None:
    made = network((3, 16, 16), channels=(64, 64), hidden=(50,), kernel=5, time_steps=25)
    plan = Responder(made, made.layers).plan
    assert ways(plan) == ["trains", "factorised", "patterns", "patterns"]
    lines = plan.describe()
    assert len(lines) == len(made.layers)
    for name, line in zip(made.layers, lines, strict=True):
        assert line.startswith(f"{name}: ")
    assert "290 spike trains" in lines[0]
    assert "(by steps and " in lines[1]


def test_one_filter_of_the_first_layer_goes_directly() -> None:
    made = network((3, 16, 16), channels=(64, 64), kernel=5)
    plan = Responder(made, ["conv1"], neurons={"conv1": [5]}).plan
    assert ways(plan) == ["direct"]
    assert "(1 of 64 filters)" in plan.describe()[0]


def test_a_few_filters_share_lanes_with_positions() -> None:
    made = network((3, 16, 16), channels=(64, 64), kernel=5)
    plan = Responder(made, ["conv2"], neurons={"conv2": [5]}).plan
    tiling = plan.layers[1].tiling
    assert tiling is not None
    assert tiling.fold == 4
    assert tiling.height.tile * tiling.width.tile > 1


def test_a_plan_is_the_same_every_time() -> None:
    made = network((3, 16, 16), channels=(20, 30, 7), hidden=(11,))
    plans = [Responder(made, made.layers).plan for _ in range(3)]
    assert plans[0] == plans[1] == plans[2]


def test_a_plan_ends_at_the_deepest_layer() -> None:
    made = network(channels=(20, 30), hidden=(11,))
    assert len(Responder(made, ["conv2"]).plan.layers) == 2


def test_no_tables_no_factorising() -> None:
    made = with_neurons(network(channels=(40, 30)), kinds=40)
    assert ways(Responder(made, ["conv2"]).plan)[0] == "steps"


class Other(LeakyNeuron):
    """Another neuron."""


class Doubled(nn.Conv2d):
    """Another convolution."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return 2 * super().forward(inputs)


def subclassed_neuron(layer: SpikingLayer) -> None:
    layer.neuron = Other(0.9, 1.0)


def subclassed_operator(layer: SpikingLayer) -> None:
    assert isinstance(layer.operator, nn.Conv2d)
    other = Doubled(layer.operator.in_channels, layer.operator.out_channels, 3, padding=1)
    other.load_state_dict(layer.operator.state_dict())
    layer.operator = other


def hooked(layer: SpikingLayer) -> None:
    layer.operator.register_forward_hook(lambda _module, _inputs, output: output + 1)


def padded_by_name(layer: SpikingLayer) -> None:
    layer.operator.padding = "same"


def rounded_up(layer: SpikingLayer) -> None:
    layer.pool = nn.MaxPool2d(2, ceil_mode=True)


def per_place(layer: SpikingLayer) -> None:
    layer.neuron = LeakyNeuron(torch.rand(1, 1, 4), 1.0)


def huge(layer: SpikingLayer) -> None:
    with torch.no_grad():
        layer.operator.weight[0] = 1e32


def another_pool(layer: SpikingLayer) -> None:
    layer.pool = nn.LPPool2d(2, 2)  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (subclassed_neuron, "stages.0.neuron is a Other"),
        (subclassed_operator, "stages.0.operator is a Doubled"),
        (hooked, "stages.0.operator has hooks"),
        (padded_by_name, "stages.0.operator"),
        (rounded_up, "stages.0.pool"),
        (per_place, "stages.0.neuron has values of shape (1, 1, 4)"),
        (huge, "stages.0.operator holds"),
        (another_pool, "stages.0.pool is a LPPool2d"),
    ],
)
def test_an_unknown_module_runs_as_it_is_and_the_others_stay_fast(
    change: Callable[[SpikingLayer], None], words: str
) -> None:
    made = network((1, 9, 9), channels=(6, 8))
    change(next(iter(made)))
    images = pictures("noise", (1, 9, 9), 4)
    assert compare(made, images).spikes == 0
    plan = Responder(made, made.layers).plan
    assert ways(plan) == ["frames", "patterns", "patterns", "patterns"]
    assert words in plan.describe()[0]


@pytest.mark.parametrize("place", [1, 2])
@pytest.mark.parametrize("change", [subclassed_neuron, hooked])
def test_an_unknown_module_further_on(change: Callable[[SpikingLayer], None], place: int) -> None:
    made = network((1, 9, 9), channels=(6, 8))
    change(list(made)[place])
    assert compare(made, pictures("noise", (1, 9, 9), 4)).spikes == 0
    plan = Responder(made, made.layers).plan
    assert [way == "frames" for way in ways(plan)] == [k == place for k in range(4)]
    assert f"stages.{place}" in plan.describe()[place]


def test_an_unknown_module_behind_the_neurons_does_not_matter() -> None:
    made = network((1, 9, 9), channels=(6, 8))
    hooked(list(made)[2])
    assert compare(made, pictures("noise", (1, 9, 9), 4), ("conv2",)).spikes == 0
    assert "frames" not in ways(Responder(made, ["conv2"]).plan)


def test_a_subclassed_network_is_asked_for_its_pixels() -> None:
    class Mine(SpikingNetwork):
        """Another network."""

        def normalise(self, images: torch.Tensor) -> torch.Tensor:
            return super().normalise(images).flip(0)

    made = network((1, 9, 9), channels=(6, 8))
    made.__class__ = Mine
    assert compare(made, pictures("noise", (1, 9, 9), 16)).spikes == 0
    assert "the network is a Mine" in Responder(made, ["out"]).plan.describe()[0]


def test_plain_by_choice() -> None:
    made = network()
    plan = Responder(made, ["out"], kind="plain").plan
    assert plan.describe() == ["all layers: plain loop; kind is 'plain'"]
