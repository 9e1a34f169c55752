from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import snntorch
import torch
from torch import nn

from spikeatlas.snn.modules.factory import make_module

NAME = "tests.snn.modules.test_factory"


def good(width: int = 3) -> nn.Module:
    return nn.Sequential(nn.Linear(4, width), nn.Dropout(0.5))


def failing() -> nn.Module:
    raise RuntimeError("Found no NVIDIA driver")


def leaving() -> nn.Module:
    sys.exit(3)


def on_meta() -> nn.Module:
    return nn.Linear(4, 3, device="meta")


def needy(width: int, depth: int = 1, *, seed: int) -> nn.Module:
    return good(width * depth + seed)


def inner() -> nn.Module:
    return needy(seed=3)  # type: ignore[call-arg]


def takes_all(**options: Any) -> nn.Module:
    raise ValueError(f"no {', '.join(options)}")


def nothing() -> None:
    return


class Wrapped(nn.Module):
    """Stands for what torch.compile returns: the module under one name."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self._orig_mod = module


def compiled() -> nn.Module:
    return Wrapped(nn.Sequential(Wrapped(nn.Linear(2, 2)), nn.ReLU()))


def scripted() -> nn.Module:
    return nn.Sequential(nn.Identity(), torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2)))


def leaky() -> nn.Module:
    return snntorch.Leaky(beta=0.5)


def make(name: str, **options: Any) -> nn.Module:
    return make_module(f"{NAME}:{name}", options)


def test_modules_evaluate_and_have_the_same_weights_at_every_call() -> None:
    module = make("good", width=5)
    assert not module.training
    assert not any(weight.requires_grad for weight in module.parameters())
    assert torch.equal(
        module.get_parameter("0.weight"), make("good", width=5).get_parameter("0.weight")
    )
    assert module.get_parameter("0.weight").shape == (5, 4)


def test_compiled_parts_are_unwrapped() -> None:
    assert [type(part) for part in make("compiled").modules()] == [
        nn.Sequential,
        nn.Linear,
        nn.ReLU,
    ]


@pytest.mark.filterwarnings(
    "ignore:.*torch.jit.trace:FutureWarning", "ignore:.*torch.jit:DeprecationWarning"
)
def test_scriptmodules_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"returns a ScriptModule \(1\), in which no hook fires"):
        make("scripted")


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        # trap 13
        (
            "failing",
            {},
            r"failing\(\) fails with RuntimeError: Found no NVIDIA driver; spikeatlas calls it on the CPU",
        ),
        ("good", {"height": 2}, r"^network.options: .*:good does not take height; it takes width\."),
        ("good", {"widht": 2}, r"does not take widht \(did you mean width\?\); it takes width\."),
        ("needy", {"depth": 2}, r"^network.factory: .*:needy needs width, seed: write network.options: {width: ..., seed: ...}"),
        ("inner", {}, r"inner\(\) fails with TypeError: .* missing 1 required positional argument: 'width'\.$"),
        ("takes_all", {"depth": 2}, r"takes_all\(depth=2\) fails with ValueError: no depth\.$"),
        ("on_meta", {}, "puts weight on meta; spikeatlas calls it on the CPU"),
        ("leaving", {}, r"leaving\(\) fails with exit\(3\), which would end the program"),
        ("nothing", {}, "returns None; it must return a torch.nn.Module"),
        ("NAME", {}, "^network.factory: .*:NAME is a str, no function"),
        ("absent", {}, "^network.factory: .* has no absent"),
    ],
)  # fmt: skip
def test_a_factory_that_fails_is_named_in_one_sentence(
    name: str, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        make(name, **options)


def test_an_interrupt_of_a_factory_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(width: int) -> nn.Module:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"{NAME}.good", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make("good", width=2)


def test_a_missing_module_is_named() -> None:
    with pytest.raises(ValueError, match="is the module on PYTHONPATH"):
        make_module("no.such.place:net", {})


def test_a_confined_host_runs_no_factory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SPIKEATLAS_ROOTS", str(tmp_path))
    with pytest.raises(ValueError, match="code of your own"):
        make("good")


def test_neurons_are_not_kept_on_the_librarys_list() -> None:
    count = len(snntorch.SpikingNeuron.instances)
    make("leaky")
    assert len(snntorch.SpikingNeuron.instances) == count
