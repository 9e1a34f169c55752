from __future__ import annotations

import torch
from torch import nn

from spikeatlas.snn.modules.factories import mango_snn
from spikeatlas.snn.modules.neuron_modules import named_places
from spikeatlas.snn.modules.trials import try_module


def test_the_published_shape() -> None:
    net = mango_snn()
    assert net.time_steps == 128
    assert (net.conv1.out_channels, net.conv2.out_channels) == (200, 64)
    # 28, pooled to 14, 10, pooled to 5
    assert (net.fc1.in_features, net.fc1.out_features, net.fc2.out_features) == (1600, 100, 10)
    assert (net.pool1.kernel_size, net.pool1.stride, net.pool1.padding) == (3, 2, 1)
    assert {float(lif.beta) for lif in (net.lif1, net.lif2, net.lif3, net.lif4)} == {
        float(torch.tensor(0.9))
    }


def test_a_small_one_is_tried() -> None:
    net = mango_snn(time_steps=6, input_shape=(1, 16, 16), channels=(3, 4), hidden=5).eval()
    trial = try_module(net, named_places(net, "auto"), torch.rand(4, 1, 16, 16))
    shapes = {name: layer.place.shape for name, layer in trial.layers.items()}
    assert {name: (shape.channels, shape.map) for name, shape in shapes.items()} == {
        "lif1": (3, (6, 6)),
        "lif2": (4, (1, 1)),
        "lif3": (5, ()),
        "lif4": (10, ()),
    }
    assert trial.drive.time_steps == 6


def test_output_neurons_get_no_negative_current() -> None:
    net = mango_snn(time_steps=2, input_shape=(1, 16, 16), channels=(3, 4), hidden=5)
    nn.init.constant_(net.fc2.bias, -5.0)
    currents: list[torch.Tensor] = []
    net.lif4.register_forward_pre_hook(lambda _module, inputs: currents.append(inputs[0]))
    net(torch.rand(2, 1, 16, 16))
    assert not torch.cat(currents).any()
