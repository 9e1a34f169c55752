from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from spikeatlas.snn.modules.neuron_modules import named_places
from spikeatlas.snn.modules.trials.call_pattern import CallPattern, period
from spikeatlas.snn.modules.trials.trial_drive import find_pattern
from tests.networks import other_nets, snntorch_nets, spikingjelly_nets
from tests.networks.snntorch_nets import STEPS

GREY, COLOUR = torch.rand(8, 1, 8, 8), torch.rand(8, 3, 8, 8)


class Folded(nn.Module):
    """Repeats an image itself and folds time into the batch, steps first or images first."""

    def __init__(self, *, images_first: bool, steps: int = 6) -> None:
        super().__init__()
        self.images_first, self.steps = images_first, steps
        self.fc = nn.Linear(64, 5)
        self.node = spikingjelly_nets.library()["neuron"].LIFNode(v_threshold=0.1, step_mode="m")
        self.fold, self.fc2, self.last = nn.Identity(), nn.Linear(5, 10), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        spikes = self.node(self.fc(x.flatten(1)).repeat(self.steps, 1, 1))
        if self.images_first:
            return self.last(self.fc2(self.fold(spikes.transpose(0, 1).flatten(0, 1))))
        return self.last(self.fc2(self.fold(spikes.flatten(0, 1))))


class BatchFrames(nn.Module):
    """Takes (n, T, c, h, w)."""

    def __init__(self) -> None:
        super().__init__()
        self.step = snntorch_nets.nested_step()

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() != 5:
            raise ValueError("frames, please")
        return torch.stack([self.step(x[:, t]) for t in range(x.size(1))], 1)


class MeanOfBatch(nn.Module):
    """Forgets which image is which."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(0, keepdim=True)


def pattern(net: nn.Module, pictures: Tensor = GREY, **fields: Any) -> CallPattern:
    options = {"kind": "auto", "time_steps": None, **fields}
    layers = options.pop("layers", "auto")
    return find_pattern(net.eval(), named_places(net, layers), pictures, **options)


def test_periods() -> None:
    assert period("abcabc") == 3
    assert period("aabaab") == 3
    assert period("aaaa") == 1
    assert period("abcb") == 4


@pytest.mark.parametrize(
    ("net", "kind", "repeats"),
    [
        (snntorch_nets.tutorial(), "image", STEPS),
        (snntorch_nets.nested(), "image", STEPS),
        (snntorch_nets.parallel(), "image", STEPS),
        (other_nets.norse(), "image", 6),
    ],
)
def test_time_steps_of_a_loop_are_read_off(net: nn.Module, kind: str, repeats: int) -> None:
    calls = pattern(net)
    assert (calls.drive.kind, calls.drive.time_steps, calls.repeats) == (kind, repeats, repeats)


def test_modules_of_one_step_are_called_step_by_step() -> None:
    calls = pattern(snntorch_nets.nested_step(), time_steps=7)
    assert (calls.drive.kind, calls.drive.time_steps, calls.repeats) == ("steps", 7, 1)
    assert pattern(spikingjelly_nets.cifar("s"), COLOUR, time_steps=5).drive.kind == "steps"


def test_modules_of_all_steps_take_frames() -> None:
    calls = pattern(spikingjelly_nets.cifar("m"), COLOUR, time_steps=5)
    assert (calls.drive.kind, calls.drive.time_steps, calls.repeats) == ("frames", 5, 1)
    calls = pattern(BatchFrames(), time_steps=5)
    assert (calls.drive.kind, calls.drive.time_steps, calls.repeats) == ("batch_frames", 5, 5)


@pytest.mark.parametrize("images_first", [True, False])
def test_steps_that_are_folded_into_the_images(images_first: bool) -> None:
    calls = pattern(Folded(images_first=images_first), layers=["fold"])
    assert (calls.drive.kind, calls.drive.time_steps) == ("image", 6)
    assert calls.shapes[0].steps == 6


def test_two_places_of_each_step() -> None:
    calls = pattern(snntorch_nets.two_places(), time_steps=STEPS)
    assert (calls.drive.time_steps, calls.repeats, calls.uses("lif")) == (STEPS, STEPS, 2)
    calls = pattern(snntorch_nets.two_places(), time_steps=STEPS, kind="steps")
    assert calls.uses("lif") == 2 * STEPS


def test_networks_without_time() -> None:
    calls = pattern(other_nets.small())
    assert (calls.drive.kind, calls.drive.time_steps, calls.timed) == ("image", None, frozenset())
    calls = pattern(other_nets.small(), kind="steps", time_steps=3)
    assert (calls.drive.kind, calls.drive.calls) == ("steps", 3)


@pytest.mark.parametrize(
    ("net", "fields", "sentence"),
    [
        (snntorch_nets.tutorial(), {"time_steps": 5}, "time_steps is 5, but the module runs 10 steps"),
        (snntorch_nets.tutorial(), {"time_steps": 20}, "time_steps is 20, but the module runs 10 steps"),
        (snntorch_nets.tutorial(), {"time_steps": 1}, "time_steps is 1, but the module runs 10 steps"),
        (snntorch_nets.tutorial(), {"time_steps": 5, "kind": "steps"}, "runs 10 steps whenever it is called: write image"),
        (snntorch_nets.nested_step(), {"time_steps": 5, "kind": "image"}, "time_steps is 5, but the module runs 1 steps"),
        (snntorch_nets.nested_step(), {}, "runs one step whenever it is called, and does not say for how long"),
        (snntorch_nets.two_places(), {}, "lif is the only neuron, and is called 20 times"),
        (snntorch_nets.two_places(), {"time_steps": 5}, "time_steps is 5, but the module returns 10 steps"),
        (BatchFrames(), {}, "takes batch_frames, and does not say for how long"),
        (other_nets.small(), {"time_steps": 4}, "time_steps is 4, but the module's layers (relu1, relu2) are no spiking"),
        (nn.Sequential(nn.Flatten(), nn.Linear(3, 3), nn.ReLU()), {}, "image: RuntimeError: mat1 and mat2 shapes"),
        (nn.Sequential(MeanOfBatch(), nn.ReLU()), {}, "for 2 and 3 images, with no axis of images"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_said_with_the_numbers(
    net: nn.Module, fields: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        pattern(net, **fields)


def test_steps_of_a_single_neuron_that_fit_no_multiple() -> None:
    class Last(snntorch_nets.TwoPlaces):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x)[-1]

    with pytest.raises(ValueError, match="calls its only neuron 20 times, which is no multiple"):
        pattern(Last(), time_steps=7)


def test_modules_whose_calls_depend_on_the_images_are_refused() -> None:
    class Each(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.relu = nn.ReLU()

        def forward(self, x: Tensor) -> Tensor:
            return torch.stack([self.relu(image).mean((1, 2)) for image in x])

    with pytest.raises(ValueError, match="more often for more images"):
        pattern(Each(), kind="image")
