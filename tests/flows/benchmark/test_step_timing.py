from __future__ import annotations

import torch
from torch import Tensor

from spikeatlas.flows.benchmark.step_timing import step_seconds
from tests.snn.nets import network, noise_images


def test_ways_take_turns_after_one_step_each() -> None:
    made = network(channels=(), hidden=(5,), time_steps=3)
    inputs = made.normalise(torch.from_numpy(noise_images(4)))[None]
    calls: list[str] = []

    def layers(images: Tensor) -> Tensor:
        calls.append("layers")
        return made(images)

    def steps(images: Tensor) -> Tensor:
        calls.append("steps")
        return made.unroll(images)

    seconds = step_seconds(made, (layers, steps), inputs, torch.arange(4), rounds=2)

    assert calls == ["layers", "steps"] * 3
    assert len(seconds) == 2
    assert min(seconds) > 0
