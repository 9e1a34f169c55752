from __future__ import annotations

import numpy as np
import pytest
import snntorch
import torch
from torch import nn

from spikeatlas.snn.graph import step_graph
from spikeatlas.snn.graph.execution.layered import Layered

STEPS = 4


def layered() -> Layered:
    torch.manual_seed(0)
    leaky = snntorch.Leaky(beta=0.9, threshold=0.3, init_hidden=True)
    net = nn.Sequential(nn.Conv2d(1, 3, 3), leaky).eval()
    graph = step_graph(net, {"a": ("1", 1)}, drive="steps", time_steps=STEPS)
    return Layered(graph, torch.zeros(2, 1, 5, 5))


@pytest.mark.parametrize(
    "shape", [(7, STEPS, 1, 5, 5), (1, 3, 1, 5, 5), (3, 1, 5, 6), (STEPS, 3, 2, 5, 5), (1, 5, 5)]
)
def test_other_shapes_are_refused_and_not_broadcast(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected is \('n', 1, 5, 5\), or \(4, 'n', 1, 5, 5\)"):
        layered().counts(torch.zeros(shape), ["a"], {"a": [0]})


@pytest.mark.parametrize("images", [0, 1, STEPS, 7])
def test_the_same_image_at_every_step_is_that_image(images: int) -> None:
    way = layered()
    stills = torch.rand(images, 1, 5, 5, generator=torch.Generator().manual_seed(1))
    frames = stills.expand(STEPS, images, 1, 5, 5)
    first, second = (way.counts(x, ["a"], {"a": [2, 0]})["a"] for x in (stills, frames))
    assert first.shape == (images, 2)
    np.testing.assert_array_equal(first, second)


def test_a_layer_that_answers_fewer_images_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    way = layered()
    monkeypatch.setattr(way, "_program", lambda _names: lambda _x, **_: {"a": torch.zeros(1, 3)})
    with pytest.raises(ValueError, match="layer a answers 1 images of"):
        way.counts(torch.zeros(1, 1, 5, 5), ["a"], {"a": [0]})
