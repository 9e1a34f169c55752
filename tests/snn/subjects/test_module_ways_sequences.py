"""Sequences go the faster way as they go by hooks: each frame at its own time steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import snntorch
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spikeatlas.snn.data import DataSet, Split
from spikeatlas.snn.modules.way_for import FramedWay
from spikeatlas.snn.subjects import Showing
from spikeatlas.snn.subjects.module_subject import ModuleSubject
from tests.networks.showing import module_source
from tests.networks.spikingjelly_nets import library

STEPS = 6
NETS = {"single": "1", "whole": "2", "torch_net": "2", "looped": "net.2"}
"""Factories, each with its first layer."""


def single() -> nn.Module:
    """SpikingJelly, a step a call."""
    return jelly("s", norm=False)


def whole() -> nn.Module:
    """SpikingJelly, all steps at once."""
    return jelly("m", norm=True)


def jelly(mode: str, *, norm: bool) -> nn.Module:
    torch.manual_seed(6)
    sj = library()
    layer, neuron = sj["layer"], sj["neuron"]
    net = nn.Sequential(
        layer.Conv2d(1, 5, 3, padding=1),
        *([layer.BatchNorm2d(5)] if norm else []),
        neuron.IFNode(v_threshold=0.3),
        layer.MaxPool2d(2, 2),
        layer.Flatten(),
        layer.Linear(80, 10),
        neuron.LIFNode(tau=1.5, decay_input=False, v_threshold=0.2),
    )
    sj["functional"].set_step_mode(net, mode)
    return net


def torch_net() -> nn.Module:
    """SnnTorch, with batch normalisation and means of maps."""
    torch.manual_seed(8)
    fields: dict[str, Any] = {"beta": 0.9, "threshold": 0.3, "init_hidden": True}
    norm = nn.BatchNorm2d(5)
    with torch.no_grad():
        for values in (norm.running_mean, norm.bias):
            values.normal_(0, 0.1)  # type: ignore[union-attr]
    return nn.Sequential(
        nn.Conv2d(1, 5, 3, padding=1),
        norm,
        snntorch.Leaky(**fields),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(80, 10),
        snntorch.Leaky(**fields, output=True),
    )


class Looped(nn.Module):
    """Frames (T, n, c, h, w) at once."""

    def __init__(self) -> None:
        super().__init__()
        self.net = torch_net()

    def forward(self, frames: Tensor) -> Tensor:
        for place in (2, 6):
            self.net[place].reset_mem()  # type: ignore[index]
        return torch.stack([self.net(frames[step])[0] for step in range(STEPS)])


def looped() -> nn.Module:
    return Looped()


def sequences(frames: int, images: int = 40) -> DataSet:
    pixels = np.random.default_rng(0).integers(0, 256, (images, frames, 1, 8, 8), dtype=np.uint8)
    # each frame darker than the one before: their order matters
    pixels //= np.arange(1, frames + 1, dtype=np.uint8)[:, None, None, None]
    split = Split(pixels, (np.arange(images) % 10).astype(np.int64))
    return DataSet(split, split, tuple("abcdefghij"))


def opened(factory: str, data: DataSet) -> ModuleSubject:
    fields: dict[str, Any] = {"time_steps": STEPS}
    if factory == "looped":
        fields["input"] = "frames"
    return module_source(f"{__name__}:{factory}", data=data, **fields).example()


def answers(
    subject: ModuleSubject, images: NDArray[np.uint8], showing: Showing
) -> dict[str, NDArray[Any]]:
    neurons = {name: range(layer.neurons) for name, layer in subject.layers.items()}
    scores = subject.scores(images, showing)
    return {**subject.responses(images, neurons, showing), "scores": scores}


@pytest.mark.parametrize("frames", [1, 2, 3])
@pytest.mark.parametrize("factory", NETS)
def test_sequences_go_layer_by_layer_as_by_hooks(factory: str, frames: int) -> None:
    data = sequences(frames)
    subject = opened(factory, data)
    images = data.test.images[:7]
    neurons = {name: [0] for name in subject.layers}
    plan = subject.responder(neurons, Showing(batch_size=4)).describe()
    assert all("layered: torch's operations" in line for line in plan)
    # of one, of as many as time steps, of another number; the last batch is not full
    for size in (1, STEPS, frames, 4):
        fast = answers(subject, images, Showing(batch_size=size))
        hooks = answers(subject, images, Showing(batch_size=size, kind="plain"))
        assert fast["scores"].shape == (7, 10)
        assert fast[NETS[factory]].any()
        for name, values in hooks.items():
            np.testing.assert_array_equal(fast[name], values, err_msg=name)
    turned = answers(subject, images[:, ::-1].copy(), Showing(batch_size=4))
    assert (frames == 1) == all(np.array_equal(turned[name], fast[name]) for name in fast)
    # stills may be shown as well
    still = answers(subject, images[:, 0], Showing(batch_size=4))
    plain = answers(subject, images[:, 0], Showing(batch_size=4, kind="plain"))
    assert all(np.array_equal(still[name], plain[name]) for name in still)


def test_sequences_that_no_way_was_tried_with_go_by_hooks() -> None:
    stills = sequences(1).test
    split = Split(stills.images[:, 0], stills.labels)
    subject = opened("torch_net", DataSet(split, split, tuple("abcdefghij")))
    images = sequences(2).test.images[:STEPS]
    fast = answers(subject, images, Showing(batch_size=STEPS))
    hooks = answers(subject, images, Showing(batch_size=STEPS, kind="plain"))
    assert all(np.array_equal(fast[name], hooks[name]) for name in fast)


def test_a_way_that_takes_frames_in_another_order_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    true = FramedWay._frames
    monkeypatch.setattr(FramedWay, "_frames", lambda way, images: true(way, images).flip(0))
    subject = opened("torch_net", sequences(3))
    (line,) = subject.responder({"2": [0]}, Showing(batch_size=4)).describe()
    assert "hooks" in line
    assert "does not give the module's own responses" in line


class Shifted(nn.Module):
    """Reads tensors of its own, which have no rows for images or steps."""

    gain: Tensor
    shift: Tensor
    net: nn.Sequential

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.net = nn.Sequential(*torch_net().children())
        generator = torch.Generator().manual_seed(1)
        self.register_buffer("gain", torch.rand(shape, generator=generator) + 0.5)
        self.register_buffer("shift", torch.rand(1, 5, 8, 8, generator=generator))

    def forward(self, images: Tensor) -> Tensor:
        first, norm, leaky, *rest = self.net
        values = leaky(norm(first(images * self.gain)) + self.shift)
        for module in rest:
            values = module(values)
        return values[0]


def shifted(shape: list[int]) -> nn.Module:
    return Shifted(tuple(shape))


@pytest.mark.parametrize("shape", [[], [8], [1, 8, 8], [1, 1, 8, 8]])
def test_tensors_of_the_modules_own_are_no_rows(shape: list[int]) -> None:
    data = sequences(3)
    fields: dict[str, Any] = {"time_steps": STEPS, "options": {"shape": shape}}
    subject = module_source(f"{__name__}:shifted", data=data, **fields).example()
    for size in (1, STEPS, 4):
        fast = answers(subject, data.test.images[:7], Showing(batch_size=size))
        hooks = answers(subject, data.test.images[:7], Showing(batch_size=size, kind="plain"))
        assert all(np.array_equal(fast[name], hooks[name]) for name in hooks)
    plan = subject.responder({name: [0] for name in subject.layers}, Showing()).describe()
    assert all("layered: torch's operations" in line for line in plan)
