from __future__ import annotations

import pytest
import torch

from spikeatlas.snn.modules.drive import ModuleDrive
from spikeatlas.snn.modules.trials.trial_record import event_shapes, is_binary, record_call
from tests.networks.other_nets import counting, torchvision_resnet18
from tests.networks.snntorch_nets import STEPS, tutorial


def test_calls_are_written_down_in_order() -> None:
    record = record_call(
        tutorial(), ModuleDrive("image"), torch.rand(1, 2, 1, 8, 8), ["lif1", "lif3"]
    )
    assert record.events == ["lif1", "lif3"] * STEPS
    assert record.shapes[:2] == [(2, 4, 3, 3), (2, 10)]
    assert record.output == [(10, 2, 10), (10, 2, 10)]
    assert set(record.binary.values()) <= {True}


def test_a_module_is_as_it_was() -> None:
    net = counting()
    record_call(net, ModuleDrive("image"), torch.rand(1, 2, 1, 8, 8), ["relu1"])
    assert net.history == []
    assert float(net.calls) == 0
    assert not net.relu1._forward_hooks


def test_a_shared_activation_has_a_shape_for_each_call() -> None:
    net = torchvision_resnet18().eval()
    two, three = (
        record_call(
            net, ModuleDrive("image"), torch.rand(1, count, 3, 16, 16), ["layer2.0.relu", "relu"]
        )
        for count in (2, 3)
    )
    shapes = event_shapes(two, three, ModuleDrive("image"))
    assert not isinstance(shapes, str)
    assert [shape.map for shape in shapes] == [(8, 8), (2, 2), (2, 2)]


def test_layers_without_tensors_are_none() -> None:
    class Words(torch.nn.Module):
        def forward(self, _x: torch.Tensor) -> str:
            return "x"

    net = torch.nn.Sequential(Words())
    with pytest.raises(ValueError, match="0 returns no tensor"):
        record_call(net, ModuleDrive("image"), torch.rand(1, 2, 1), ["0"])


def test_spikes_are_zero_and_one() -> None:
    assert is_binary(torch.tensor([0.0, 1.0]))
    assert is_binary(torch.tensor([0.0, -1.0]))
    assert not is_binary(torch.tensor([0.0, 0.5]))
    assert not is_binary(torch.zeros(3))
