"""Networks of every kind of neuron whose steps are a rule, and of normalisations that scale: as in the plain loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from spikeatlas.snn.coding import CODINGS, CodingKey, encode
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.neurons import LifNeuron, Rule, RuleNeuron, SpikingNeuron, State
from spikeatlas.snn.norms import Norm, scaled
from spikeatlas.snn.responder import PlainResponder, Responder
from spikeatlas.snn.responder.lookup import layer_lookup
from tests.snn.responder.small import (
    TOLERANCE,
    compare,
    difference,
    network,
    pictures,
    prefer,
)

SHAPE = (2, 9, 9)


def number(value: float) -> Tensor:
    return torch.tensor(value)


class TallNeuron(RuleNeuron):
    """Neurons of a rule whose spikes are as high as they say."""

    def __init__(self, rule: Rule, height: float = 1.0) -> None:
        super().__init__(rule)
        self.height = height

    def step(self, current: Tensor, state: State) -> tuple[Tensor, State]:
        spikes, state = super().step(current, state)
        return spikes * self.height, state

    def run(self, currents: Tensor, time_steps: int) -> Tensor:
        return self.unroll(currents, time_steps)[0]


class AffineNorm(Norm):
    """Scales and shifts of its own for every channel, and every step, if timed."""

    def __init__(self, channels: int, rows: int, seed: int) -> None:
        super().__init__()
        self.timed = rows > 1
        draws = torch.rand(2, rows, channels, generator=torch.Generator().manual_seed(seed))
        self.scale, self.shift = 1.7 * draws[0] - 0.2, draws[1] - 0.4

    def affine(self) -> tuple[Tensor, Tensor]:
        return self.scale, self.shift

    def forward(self, currents: Tensor, first_step: int = 0) -> Tensor:
        return scaled(currents, self.scale, self.shift, first_step)


NEURONS: dict[str, Callable[[], SpikingNeuron]] = {
    "dsr-if": lambda: TallNeuron(
        Rule("sum", ">=", "subtract", theta=number(0.8), drop=number(1.6)), 1.6
    ),
    "dsr-lif": lambda: TallNeuron(
        Rule(
            "blend",
            ">=",
            "subtract",
            a=number(0.9),
            b=number(0.1),
            theta=number(0.03),
            drop=number(0.1),
        ),
        2.0 / 3,
    ),
    "clif": lambda: TallNeuron(
        Rule("decay", ">", "value", a=number(0.75), theta=number(0.5), synapse=number(0.5))
    ),
    "lif": lambda: LifNeuron(threshold=0.3),
    "lif, soft": lambda: LifNeuron(threshold=0.5, hard=False, decay_input=False),
    "lif to -0.2": lambda: LifNeuron(threshold=0.4, v_reset=-0.2),
    "if": lambda: TallNeuron(Rule("sum", ">=", "value")),
    "norse": lambda: TallNeuron(
        Rule("norse", ">", "subtract", a=number(0.3), c=number(0.1), theta=number(0.3))
    ),
}
LEAKY = "leaky"
BARE = {"pool": "average", "bias": False}
MEMBERS: tuple[dict[str, Any], ...] = (
    {"neuron": {"kind": "dsr-if", "threshold": 1.0}, "pool": "average"},
    {"neuron": "dsr-lif", "pool": "average", "decoding": "weighted-rate"},
    {"neuron": "clif", "decoding": {"kind": "population", "size": 3, "links": "full"}},
    {"neuron": "backei"},
    {"neuron": "desire-if", "bias": False},
    {"norm": "batch", **BARE},
    {"norm": "bntt", "decoding": "membrane", **BARE},
    {"norm": ("hah", "sparsify", "divisive", "weight-l2"), **BARE},
)


def built(
    kind: str, *, norm: str, time_steps: int, seed: int = 0, gain: float = 1.5, **fields: Any
) -> SpikingNetwork:
    """A network of such neurons, and of a norm: none, one for all steps, or one for each."""
    fields = {"channels": (6, 8), "hidden": (7,)} | fields
    made = network(SHAPE, time_steps=time_steps, seed=seed, gain=gain, **fields)
    for place, layer in enumerate(made):
        if kind != LEAKY:
            layer.neuron = NEURONS[kind]()
        if norm != "none":
            rows = time_steps if norm == "each step" else 1
            layer.norm = AffineNorm(layer.size, rows, seed + place)
    return made.eval()


def ways(made: SpikingNetwork) -> list[str]:
    return [plan.way for plan in Responder(made, made.layers).plan.layers]


@pytest.mark.parametrize("time_steps", [1, 8, 16, 25])
@pytest.mark.parametrize("norm", ["none", "all steps", "each step"])
@pytest.mark.parametrize("kind", [LEAKY, *NEURONS])
def test_neurons_norms_and_steps(
    kind: str, norm: str, time_steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ways that are fast, whatever they would cost in so small a network."""
    made = built(kind, norm=norm, time_steps=time_steps)
    images = pictures("noise", SHAPE, 5)
    prefer(monkeypatch, "trains", "factorised", "patterns")
    distance = compare(made, images)
    assert distance.spikes <= max(2, TOLERANCE * distance.of)
    prefer(monkeypatch, "steps", "frames")
    assert compare(made, images).spikes == 0


@pytest.mark.parametrize("pool", ["average", "max", "none"])
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("kind", [LEAKY, "dsr-lif", "clif"])
def test_pools_and_codings(
    kind: str, coding: Any, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefer(monkeypatch, "steps", "patterns")
    made = built(kind, norm="each step", time_steps=11, coding=coding, pool=pool, seed=3)
    options: dict[str, Any] = {"batch_size": 4, "key": CodingKey(3, "c", "report")}
    images = pictures("natural", SHAPE, 7)
    expected = PlainResponder(made, made.layers, **options)(images)
    distance = difference(made, Responder(made, made.layers, **options)(images), expected)
    assert distance.spikes <= max(2, TOLERANCE * distance.of)
    assert "frames" not in ways(made)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("fields", MEMBERS, ids=str)
def test_members_that_a_study_names(fields: dict[str, Any], coding: Any) -> None:
    size: dict[str, Any] = {"channels": (6, 8), "hidden": (7,), "time_steps": 9}
    made = network(SHAPE, coding=coding, gain=3.0, seed=5, **size, **fields)
    key, images = CodingKey(3, "c", "report"), pictures("natural", SHAPE, 7)
    with torch.no_grad():
        # statistics of normalisations
        made.train()(encode(made, images, key))
    made.eval()
    options: dict[str, Any] = {"batch_size": 4, "key": key}
    expected = PlainResponder(made, made.layers, **options)(images)
    rates = Responder(made, made.layers, **options)(images)
    spiking = [layer.name for layer in made if layer.neuron.spiking]
    distance = difference(
        made, {name: rates[name] for name in spiking}, {name: expected[name] for name in spiking}
    )
    assert distance.spikes <= max(3, TOLERANCE * distance.of)
    for name in set(made.layers) - set(spiking):
        np.testing.assert_allclose(rates[name], expected[name], atol=0.05)


FEW = {"kind": "sparsify", "keep": 0.05}
ROW = {"kind": "sequence", "parts": ["weight-l2", FEW]}


@pytest.mark.parametrize("pool", ["average", "max"])
@pytest.mark.parametrize("norm", [FEW, ROW, "hah"], ids=str)
def test_equal_currents_of_a_sparse_map(
    norm: Any, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two currents that are equal but for rounding, the one stays that is larger in torch's order of sums."""
    prefer(monkeypatch, "pattern-currents", "patterns")
    fields: dict[str, Any] = {"channels": (8, 5), "hidden": (), "kernel": 1, "time_steps": 17}
    # only sparsify alone goes with biases, which are the currents where nothing comes in
    bias = norm == FEW and pool == "max"
    made = network(
        (3, 8, 8), norm=norm, coding="signed-poisson", bias=bias, pool=pool, gain=3, **fields
    ).eval()
    assert ways(made)[:2] == ["pattern-currents"] * 2
    options: dict[str, Any] = {"key": CodingKey(3, "c", "report")}
    images = pictures("noise", (3, 8, 8), 9)
    expected = PlainResponder(made, made.layers, **options)(images)
    distance = difference(made, Responder(made, made.layers, **options)(images), expected)
    assert distance.spikes <= max(3, TOLERANCE * distance.of)


@pytest.mark.parametrize(
    ("kind", "there"),
    [
        (LEAKY, True),
        ("dsr-if", True),
        ("dsr-lif", True),
        ("clif", True),
        ("if", True),
        ("lif, soft", True),
        ("lif", False),
        ("lif to -0.2", False),
        ("norse", False),
    ],
)
def test_tables_of_trains_where_these_are_ordered(kind: str, there: bool) -> None:
    made = built(kind, norm="all steps", time_steps=16)
    tables = layer_lookup(next(iter(made)), 16)
    assert (tables is not None) == there
    steps = layer_lookup(next(iter(built(kind, norm="each step", time_steps=16))), 16)
    assert steps is None


def test_neurons_that_fire_at_any_current_have_no_tables() -> None:
    layer = next(iter(built("if", norm="none", time_steps=4)))
    layer.neuron = TallNeuron(Rule("decay", ">", "value", theta=number(-1e31)))
    assert layer_lookup(layer, 4) is None
