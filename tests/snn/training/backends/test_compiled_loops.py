"""What torch compiles equals the plain loop; without a compiler it is a sentence."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from spikeatlas.snn.networks import NetworkSpec
from spikeatlas.snn.neurons import LeakySpec, LifSpec
from spikeatlas.snn.training import BACKENDS, TrainingSpec, list_epochs, train_network
from spikeatlas.snn.training.backends.base import Run
from spikeatlas.snn.training.backends.neuron_loops import layered
from tests.snn.nets import network, toy_data
from tests.snn.training.backends.test_backends import gradients
from tests.snn.training.test_trainer import after

COMPILED = BACKENDS.read("compiled")
NEURONS = [LeakySpec(), LifSpec(), LifSpec(decay_input=False)]


def equals_the_plain_loop(make_run: Callable[[Any], Run], neuron: Any, reset: str) -> None:
    net = network(neuron=neuron, reset=reset, channels=(2,), hidden=(), time_steps=2)
    run = make_run(net)
    for _ in range(2):
        spikes, slopes = gradients(net, run)
        expected_spikes, expected = gradients(net, BACKENDS.read("eager").run(net, "float32"))

        assert torch.equal(spikes, expected_spikes)
        for slope, other in zip(slopes, expected, strict=True):
            scale = float(other.abs().max())
            torch.testing.assert_close(slope, other, rtol=1e-5, atol=1e-5 * scale)


@pytest.mark.filterwarnings("ignore:The .grad attribute")
@pytest.mark.parametrize(
    ("neuron", "reset"), [(LeakySpec(), "subtract"), (LifSpec(), "zero")], ids=str
)
def test_torch_reads_a_loop_whole(neuron: Any, reset: str) -> None:
    def traced(net: Any) -> Run:
        # the graph of torch.compile, without the machine code
        return layered(net, lambda loop: torch.compile(loop, backend="eager", fullgraph=True))

    torch.compiler.reset()
    equals_the_plain_loop(traced, neuron, reset)


@pytest.mark.slow
@pytest.mark.skipif(bool(COMPILED.problems()), reason="no C++ compiler")
@pytest.mark.parametrize("reset", ["subtract", "zero"])
@pytest.mark.parametrize("neuron", NEURONS, ids=str)
def test_machine_code_computes_the_plain_loop(neuron: Any, reset: str) -> None:
    torch.compiler.reset()
    equals_the_plain_loop(lambda net: COMPILED.run(net, "float32"), neuron, reset)


@pytest.mark.slow
@pytest.mark.skipif(bool(COMPILED.problems()), reason="no C++ compiler")
def test_stopped_at_any_step_it_ends_the_same(tmp_path: Path) -> None:
    def train(name: str, steps: int | None = None) -> list[bytes]:
        train_network(
            NetworkSpec(channels=(2,), hidden=(), time_steps=2),
            TrainingSpec(
                epochs=2, batch_size=12, backend=COMPILED
            ),  # 4 steps an epoch, the last one short
            toy_data(),
            folder=tmp_path / name,
            seed=0,
            study="s",
            should_stop=None if steps is None else after(steps),
        )
        return [path.read_bytes() for path in list_epochs(tmp_path / name).values()]

    whole = train("whole")
    with pytest.raises(InterruptedError):
        train("stopped", 3)
    torch.compiler.reset()
    assert train("stopped") == whole


def test_without_a_compiler_it_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    (sentence,) = COMPILED.problems()
    assert sentence.startswith("compiled needs a C++ compiler (")
    assert sentence.endswith("install it, or choose fused or eager")
