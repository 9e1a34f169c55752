"""The contract of neurons, for all in the table and a user's own."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from spikeatlas.snn.neurons import NEURONS, NeuronSite, NeuronSpec, SpikingNeuron

SHAPES = ((5,), (3, 4, 4))
STEPS = 9
MEMBERS: tuple[object, ...] = (
    *NEURONS.members,
    "tests.snn.own_layers:Adaptive",
    "tests.snn.own_layers:Ternary",
    {"kind": "tests.snn.own_layers:Adaptive", "strength": 0.5},
)


@pytest.fixture(params=MEMBERS, ids=str)
def spec(request: pytest.FixtureRequest) -> NeuronSpec:
    return NEURONS.read(request.param)


@pytest.fixture(params=SHAPES, ids=str)
def shape(request: pytest.FixtureRequest) -> tuple[int, ...]:
    """Of one image's currents."""
    return tuple(request.param)


@pytest.fixture
def neuron(spec: NeuronSpec, shape: tuple[int, ...]) -> SpikingNeuron:
    return spec.build(NeuronSite("a", shape, STEPS, beta=0.9, threshold=1.0))


def currents(shape: tuple[int, ...], steps: int = STEPS, seed: int = 0) -> Tensor:
    """Currents (steps, 6, ...) that make neurons fire now and then."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((steps, 6, *shape), generator=generator) * 0.6 + 0.2


@pytest.mark.parametrize("steps", [1, STEPS])
def test_a_run_equals_its_steps(neuron: SpikingNeuron, shape: tuple[int, ...], steps: int) -> None:
    inputs = currents(shape, steps)

    spikes = neuron.run(inputs, STEPS)
    stepped, _ = neuron.unroll(inputs, STEPS)

    assert spikes.shape == (STEPS, *inputs.shape[1:])
    assert torch.equal(spikes, stepped)
    assert spikes.any()


def test_the_state_is_all_that_goes_on(neuron: SpikingNeuron, shape: tuple[int, ...]) -> None:
    inputs = currents(shape)
    whole, _ = neuron.unroll(inputs, STEPS)

    first, state = neuron.unroll(inputs[:4], 4)
    later, _ = neuron.unroll(inputs[4:], STEPS - 4, state)

    assert torch.equal(torch.cat([first, later]), whole)


def test_spikes_are_as_high_as_declared(neuron: SpikingNeuron, shape: tuple[int, ...]) -> None:
    units = neuron.relative(neuron.run(currents(shape), STEPS))
    if not neuron.spiking:
        assert not neuron.binary
        assert neuron.unit(STEPS, shape[1:]).top is None
        return

    allowed = {-1.0, 0.0, 1.0} if neuron.signed else {0.0, 1.0}
    assert set(units.unique().tolist()) == allowed
    assert neuron.binary == (neuron.height == 1 and not neuron.signed)


def test_images_do_not_see_each_other(neuron: SpikingNeuron, shape: tuple[int, ...]) -> None:
    inputs = currents(shape)

    assert torch.equal(neuron.run(inputs[:, [4]], STEPS), neuron.run(inputs, STEPS)[:, [4]])


def test_a_call_changes_nothing(neuron: SpikingNeuron, shape: tuple[int, ...]) -> None:
    before = {name: values.clone() for name, values in neuron.state_dict().items()}
    inputs = currents(shape)
    with torch.no_grad():
        first = neuron.run(inputs, STEPS)
        neuron.unroll(inputs * 2, STEPS)

        assert torch.equal(neuron.run(inputs, STEPS), first)
    assert before.keys() == neuron.state_dict().keys()
    assert all(torch.equal(values, before[name]) for name, values in neuron.state_dict().items())


def test_private_neurons_share_parameters_and_nothing_else(
    neuron: SpikingNeuron, shape: tuple[int, ...]
) -> None:
    inputs = [currents(shape, seed=seed) for seed in range(6)]
    alone = [neuron.unroll(values, STEPS)[0] for values in inputs]
    private = neuron.private()
    for parameter, values in zip(neuron.parameters(), private.parameters(), strict=True):
        assert parameter is values

    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda values: neuron.unroll(values, STEPS)[0], inputs * 3))

    for number, spikes in enumerate(together):
        assert torch.equal(spikes, alone[number % 6])


def test_neurons_are_pickled_and_copied(neuron: SpikingNeuron, shape: tuple[int, ...]) -> None:
    inputs = currents(shape)

    for other in (pickle.loads(pickle.dumps(neuron)), copy.deepcopy(neuron)):  # noqa: S301 - our own bytes
        assert torch.equal(other.run(inputs, STEPS), neuron.run(inputs, STEPS))


def test_gradients_reach_the_currents(neuron: SpikingNeuron, shape: tuple[int, ...]) -> None:
    inputs = currents(shape).requires_grad_()

    neuron.run(inputs, STEPS).sum().backward()

    assert inputs.grad is not None
    assert torch.isfinite(inputs.grad).all()


def test_an_unknown_neuron_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"'leeky' is not known \(did you mean leaky\?\)"):
        NEURONS.read("leeky")
    with pytest.raises(ValueError, match="is no neuron; it must be a subclass"):
        NEURONS.read("tests.snn.own_layers:Ramp")
    monkeypatch.setenv("SPIKEATLAS_ROOTS", "/srv")
    with pytest.raises(ValueError, match="code of your own, which this host does not run"):
        NEURONS.read("tests.snn.own_layers:Adaptive")


def test_larger_currents_never_delay_a_first_spike_of_monotone_neurons(
    neuron: SpikingNeuron, shape: tuple[int, ...]
) -> None:
    if not (neuron.monotone and neuron.spiking):
        return
    smaller = currents(shape)
    larger = smaller + currents(shape, seed=1).abs()

    before, after = (neuron.run(inputs, STEPS).cumsum(0) > 0 for inputs in (smaller, larger))

    assert (after | ~before).all()
    assert not torch.equal(before, after)


def test_axes_of_units_are_as_long_as_there_are_units(
    neuron: SpikingNeuron, shape: tuple[int, ...]
) -> None:
    tensors = {**dict(neuron.named_parameters()), **dict(neuron.named_buffers())}
    axes = neuron.unit_axes
    assert axes is None or {tensors[name].shape[axis] for name, axis in axes.items()} <= {shape[0]}
    if axes is not None:
        assert all(tensors[name].numel() <= 1 for name in tensors.keys() - axes.keys())
