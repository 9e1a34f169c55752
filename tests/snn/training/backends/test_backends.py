"""Back ends compute one and the same training; what one cannot compute is a sentence before any work."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn import functional

from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.data import Digits, load_data
from spikeatlas.snn.files import load_checkpoint
from spikeatlas.snn.networks import NetworkSpec, SpikingNetwork
from spikeatlas.snn.neurons import LeakySpec, LifSpec, SpikingNeuron
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.training import (
    BACKENDS,
    TrainingBackend,
    TrainingSpec,
    epoch_path,
    read_header,
    train_network,
)
from spikeatlas.snn.training.backends.base import Precision, Run
from spikeatlas.snn.training.backends.neuron_loops import layered
from tests.snn.brought import SignDescent
from tests.snn.nets import network, noise_images, toy_data


@dataclass(frozen=True, config=SPEC)
class Stepping(TrainingBackend):
    """Layer after layer, neurons stepped: what compilers of graphs read."""

    kind: str = "tests.snn.training.backends.test_backends:Stepping"

    def run(self, network: SpikingNetwork, precision: Precision) -> Run:  # type: ignore[override]
        del precision
        return layered(network)


RUNS: tuple[TrainingBackend, ...] = (BACKENDS.read("fused"), Stepping())


def gradients(net: SpikingNetwork, run: Run) -> tuple[Tensor, list[Tensor]]:
    """Output spikes, and the gradients of a loss."""
    net.zero_grad()
    outputs = run(encode(net, noise_images(6), CodingKey(0, "", "train")))
    functional.cross_entropy(net.scores(outputs), torch.arange(6)).backward()
    return outputs.detach(), [
        parameter.grad.clone() for parameter in net.parameters() if parameter.grad is not None
    ]


@pytest.mark.parametrize("backend", RUNS, ids=lambda backend: type(backend).__name__)
@pytest.mark.parametrize("coding", ["current", "poisson"])
@pytest.mark.parametrize("reset", ["subtract", "zero"])
@pytest.mark.parametrize("neuron", [LeakySpec(), LifSpec(), LifSpec(decay_input=False)], ids=str)
def test_a_step_is_the_plain_loops(
    neuron: Any, reset: str, coding: str, backend: TrainingBackend
) -> None:
    net = network(neuron=neuron, reset=reset, coding=coding, time_steps=7, channels=(3,))
    spikes, slopes = gradients(net, backend.run(net, "float32"))
    expected_spikes, expected = gradients(net, BACKENDS.read("eager").run(net, "float32"))

    assert torch.equal(spikes, expected_spikes)
    for slope, other in zip(slopes, expected, strict=True):
        torch.testing.assert_close(slope, other, rtol=1e-4, atol=1e-5 * float(other.abs().max()))


def test_neurons_run_as_ever_afterwards() -> None:
    net = network(channels=(3,))
    before = gradients(net, net)[0]
    run = layered(net)
    first, second = gradients(net, run)[0], gradients(net, run)[0]

    assert torch.equal(first, second)
    assert torch.equal(first, before)
    assert all("run" not in vars(module) for module in net.modules())
    with pytest.raises(RuntimeError):
        run(torch.zeros(1, 2, 5, 8, 8))
    assert all("run" not in vars(module) for module in net.modules())


def test_a_back_end_of_ones_own_trains(tmp_path: Path) -> None:
    weights = []
    for backend in RUNS:
        folder = tmp_path / type(backend).__name__
        spec = TrainingSpec(epochs=1, batch_size=12, backend=backend)
        net = NetworkSpec(channels=(3,), hidden=(), time_steps=4)
        train_network(net, spec, toy_data(), folder=folder, seed=0, study="s")
        weights.append(load_checkpoint(epoch_path(folder, 1))[0]["stages.0.operator.weight"])

    torch.testing.assert_close(*weights, rtol=0, atol=1e-4)


def test_bfloat16_is_that_of_currents_and_membranes() -> None:
    net = network(channels=(3,), hidden=(5,))
    types: list[torch.dtype] = []
    for module in net.modules():
        if isinstance(module, SpikingNeuron):
            module.register_forward_hook(
                lambda _, inputs, outputs: types.extend((inputs[0].dtype, outputs[1].dtype))
            )
    outputs, slopes = gradients(net, BACKENDS.read("eager").run(net, "bfloat16"))

    assert set(types) == {torch.bfloat16}
    assert outputs.dtype == torch.float32
    assert set(outputs.unique().tolist()) <= {0.0, 1.0}
    assert {slope.dtype for slope in slopes} == {torch.float32}
    assert all(bool(slope.isfinite().all()) for slope in slopes)


def test_bfloat16_learns_digits_as_well(tmp_path: Path) -> None:
    accuracy = {}
    for precision in ("float32", "bfloat16"):
        training = TrainingSpec(epochs=4, batch_size=32, backend="eager", precision=precision)  # type: ignore[arg-type]
        train_network(
            NetworkSpec(channels=(8,), hidden=(), time_steps=6),
            training,
            load_data(Digits()),
            folder=tmp_path / precision,
            seed=0,
            study="s",
        )
        accuracy[precision] = read_header(epoch_path(tmp_path / precision, 4)).accuracy
    assert accuracy["float32"] > 0.85
    assert abs(accuracy["bfloat16"] - accuracy["float32"]) <= 0.02


@dataclass(frozen=True, config=SPEC)
class Rates(LeakySpec):
    """Neurons with a gradient between rates."""

    whole_gradient: ClassVar[bool] = True


NETWORK = NetworkSpec(channels=(3,))


@pytest.mark.parametrize(
    ("fields", "net", "words"),
    [
        ({"precision": "bfloat16"}, NETWORK, "back end fused does not take bfloat16, but float32"),
        (
            {"backend": "compiled", "device": "cuda"},
            NETWORK,
            "compiled does not take cuda, but cpu",
        ),
        (
            {"backend": "eager"},
            dataclasses.replace(NETWORK, neuron=Rates()),
            "eager steps neurons, and those of kind leaky",
        ),
    ],
)
def test_what_a_back_end_cannot_compute_is_a_sentence(
    tmp_path: Path, fields: Any, net: NetworkSpec, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        train_network(net, TrainingSpec(**fields), toy_data(), folder=tmp_path, seed=0, study="s")
    assert not list(tmp_path.iterdir())


def test_a_method_that_a_back_end_does_not_have(monkeypatch: pytest.MonkeyPatch) -> None:
    ipu = BACKENDS.read("ipu")
    monkeypatch.setattr(type(ipu), "problems", lambda _: [])
    method = SignDescent(kind="tests.snn.brought:SignDescent")
    problems = TrainingSpec(backend=ipu, method=method).backend_problems(NETWORK)
    assert len(problems) == 1
    assert "ipu computes no training by tests.snn.brought:SignDescent" in problems[0]
