"""One position of a map, computed over no more than it depends on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeatlas.snn.coding import encode
from spikeatlas.snn.readings import RATE
from spikeatlas.snn.responder import PlainResponder, Responder
from spikeatlas.snn.responder.receptive_field import ReceptiveField
from spikeatlas.snn.responder.shapes import layer_shapes
from tests.snn.responder.small import network, pictures, with_neurons


@settings(max_examples=40, derandomize=True, deadline=None)
@given(data=st.data())
def test_every_position_of_random_chains(data: st.DataObject) -> None:
    sides = st.integers(4, 18)
    shape = (data.draw(st.sampled_from([1, 3])), data.draw(sides), data.draw(sides))
    channels = tuple(data.draw(st.lists(st.integers(1, 40), min_size=1, max_size=3)))
    kernel, seed = data.draw(st.sampled_from([1, 3, 5])), data.draw(st.integers(0, 99))
    net = network(shape, channels=channels, hidden=(), kernel=kernel, time_steps=9, seed=seed)
    with_neurons(net, kinds=3, seed=seed)
    layers, inputs = list(net)[:-1], encode(net, pictures("noise", shape, 4, seed))
    shapes = layer_shapes(net, layers)
    height, width = shapes[-1].target[1:]
    spikes = inputs
    with torch.no_grad():
        for layer in layers:
            spikes = layer(spikes, 9)
        for row, column in {(0, 0), (height - 1, width - 1), (height // 2, width // 2)}:
            field = ReceptiveField(layers, shapes, (row, column), 9)
            assert ReceptiveField.fits(layers, shapes)
            assert torch.equal(field.spikes(inputs)[..., 0, 0], spikes[..., row, column])


def test_no_more_is_computed_than_a_position_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network((1, 28, 28), channels=(4, 5), hidden=(), time_steps=6)
    sizes: list[tuple[int, ...]] = []
    real = torch.nn.functional.conv2d

    def conv2d(maps: torch.Tensor, *rest: Any) -> torch.Tensor:
        sizes.append(tuple(maps.shape[2:]))
        return real(maps, *rest)

    monkeypatch.setattr("torch.nn.functional.conv2d", conv2d)
    respond = Responder(net, ["conv2"], unit="centre", batch_size=2)
    respond(pictures("noise", (1, 28, 28), 2))

    # 2x2 positions are pooled to one; kernels of 3 see one more on each side
    assert sizes == [(10, 10), (4, 4)]
    assert "over the receptive field of its position" in respond.plan.describe()[0]


@pytest.mark.parametrize(
    "fields", [{"norm": "tests.snn.own_layers:Ramp"}, {"neuron": "tests.snn.own_layers:Ternary"}]
)
def test_layers_that_are_not_known_are_computed_whole(fields: dict[str, Any]) -> None:
    net = network((1, 8, 8), channels=(4,), hidden=(6,), time_steps=6, **fields).eval()
    respond = Responder(net, net.layers, unit="centre", batch_size=2)

    assert not any("receptive" in line for line in respond.plan.describe())
    images = pictures("noise", (1, 8, 8), 3)
    expected = PlainResponder(net, net.layers, unit="centre", batch_size=2, reading=RATE)(images)
    for name, responses in respond(images).items():
        np.testing.assert_array_equal(responses, expected[name])
