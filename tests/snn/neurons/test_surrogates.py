from __future__ import annotations

import pytest
import snntorch.surrogate
import torch

from spikeatlas.snn.neurons import SURROGATES, FastSigmoid, LeakyNeuron

EXCESS = torch.linspace(-2, 2, 41)


def slopes(fire: object) -> torch.Tensor:
    excess = EXCESS.clone().requires_grad_()
    weights = torch.linspace(1, 3, len(EXCESS))
    (fire(excess) * weights).sum().backward()  # type: ignore[operator]
    assert excess.grad is not None
    return excess.grad


@pytest.mark.parametrize("slope", [2.0, 25.0])
def test_the_fast_sigmoid_is_snntorchs_bit_for_bit(slope: float) -> None:
    ours = FastSigmoid(slope=slope)

    assert torch.equal(slopes(ours.fire), slopes(snntorch.surrogate.fast_sigmoid(slope)))
    assert torch.equal(ours.fire(EXCESS), (EXCESS > 0).float())


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ("triangle", {0.0: 0.3, 0.5: 0.15, -0.75: 0.075, 1.0: 0.0, -1.5: 0.0}),
        ({"kind": "triangle", "height": 2, "width": 1}, {0.0: 2.0, -0.25: 1.0, 0.5: 0.0}),
        ("rectangle", {0.0: 1.0, 0.49: 1.0, -0.49: 1.0, 0.5: 0.0, -0.5: 0.0, 2.0: 0.0}),
        ({"kind": "rectangle", "width": 3}, {1.4: 1.0, -1.5: 0.0}),
        ("straight-through", {0.0: 1.0, -5.0: 1.0, 7.0: 1.0}),
        ("fast-sigmoid", {0.0: 1.0, 0.5: 0.25, -1.0: 1 / 9}),
        ("atan", {0.0: 1.0, 1 / torch.pi: 0.5}),
    ],
    ids=str,
)
def test_a_derivative_is_what_its_equation_says(fields: object, at: dict[float, float]) -> None:
    excess = torch.tensor(list(at)).requires_grad_()
    weights = torch.arange(1.0, len(at) + 1)

    (SURROGATES.read(fields).fire(excess) * weights).sum().backward()

    assert excess.grad is not None
    torch.testing.assert_close(excess.grad / weights, torch.tensor(list(at.values())))


@pytest.mark.parametrize("kind", [*SURROGATES.members, "tests.snn.own_layers:Straight"])
def test_a_surrogate_changes_gradients_and_no_spike(kind: str) -> None:
    surrogate = SURROGATES.read(kind)
    currents = torch.rand((1, 3, 5), generator=torch.Generator().manual_seed(0)).requires_grad_()

    for neuron in (LeakyNeuron(0.9, 1.0), LeakyNeuron(0.9, 1.0, "zero")):
        other = LeakyNeuron(0.9, 1.0, neuron.reset_mechanism, surrogate)
        assert torch.equal(other.run(currents, 12), neuron.run(currents, 12))
    other.run(currents, 12).sum().backward()
    assert currents.grad is not None
    assert currents.grad.any()


def test_the_gradients_differ() -> None:
    grads = []
    for surrogate in (
        FastSigmoid(),
        FastSigmoid(slope=5.0),
        SURROGATES.read("tests.snn.own_layers:Straight"),
    ):
        currents = torch.full((1, 2, 3), 0.3).requires_grad_()
        LeakyNeuron(0.9, 1.0, surrogate=surrogate).run(currents, 12).sum().backward()
        grads.append(currents.grad)

    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert not torch.equal(grads[first], grads[second])  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [0, -1, float("inf")])
@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("fast-sigmoid", "slope"),
        ("atan", "alpha"),
        ("triangle", "height"),
        ("triangle", "width"),
        ("rectangle", "width"),
    ],
)
def test_a_value_out_of_its_range_is_refused(kind: str, field: str, value: float) -> None:
    with pytest.raises(ValueError, match=field):
        SURROGATES.read({"kind": kind, field: value})
