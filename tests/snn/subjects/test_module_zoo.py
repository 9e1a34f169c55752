"""Networks of SpikingJelly's own model zoo, from factory and checkpoint to responses: layered, equal to their hooks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from spikeatlas.snn.subjects import Showing
from tests.networks.showing import all_responses, module_source, picture_data
from tests.snn.graph import library_nets

ZOO = ["spiking_resnet18", "sew_resnet18", "spiking_vgg11_bn", "CIFAR10Net"]
IMAGES = picture_data(3, 32, 10).test.images[:3]


def zoo_net(name: str) -> nn.Module:
    """The factory: weights as the library draws them."""
    return library_nets.spiking_jelly(name)


@pytest.mark.parametrize("name", ZOO)
def test_a_network_of_the_zoo_answers_the_faster_way(name: str, tmp_path: Path) -> None:
    net = zoo_net(name)
    with torch.no_grad():
        for weights in net.parameters():
            weights.mul_(1.1)
    torch.save({"model": net.state_dict()}, tmp_path / "checkpoint_2.pth")
    source = module_source(
        f"{__name__}:zoo_net",
        options={"name": name},
        data=picture_data(3, 32, 10),
        checkpoints=f"{tmp_path}/checkpoint_{{epoch}}.pth",
        time_steps=library_nets.TIME_STEPS,
        readout="output",
    )
    subject = source.open(2)

    neurons = {layer: range(info.neurons) for layer, info in source.layers.items()}
    respond = subject.responder(neurons, Showing(batch_size=3))
    assert all("layered" in line for line in respond.describe())
    responses = respond(IMAGES)
    plain = all_responses(subject, IMAGES, Showing(batch_size=3, kind="plain"))
    assert list(plain) == library_nets.neuron_names(net)
    for layer, values in plain.items():
        np.testing.assert_array_equal(responses[layer], values, err_msg=layer)
    assert any(values.any() for values in plain.values())
