from __future__ import annotations

import pytest
import torch

from spikeatlas.snn.device import copy_on, device_problem, torch_device
from tests.gpu import needs_gpu, stand_in
from tests.snn.nets import network


@pytest.fixture
def _without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.mark.usefixtures("_without")
def test_a_device_that_is_not_here_is_a_sentence() -> None:
    assert device_problem("responder.device", "cpu") is None
    problem = device_problem("responder.device", "cuda")
    assert problem is not None
    assert problem.startswith("responder.device: cuda")
    assert "write cpu" in problem
    with pytest.raises(ValueError, match="no CUDA device"):
        torch_device("cuda")
    assert torch_device("cpu") == torch.device("cpu")


def test_products_are_whole_floats_and_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)
    for name in ("allow_tf32", "benchmark", "deterministic"):
        monkeypatch.setattr(torch.backends.cudnn, name, name != "deterministic")
    torch_device("cuda")
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32
    assert not torch.backends.cudnn.benchmark
    assert torch.backends.cudnn.deterministic


def test_a_copy_has_weights_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)
    net = network()
    assert copy_on(net, "cpu") is net
    other = copy_on(net, "cuda")
    for name, values in net.state_dict().items():
        assert torch.equal(values, other.state_dict()[name])
        assert values.data_ptr() != other.state_dict()[name].data_ptr()


@needs_gpu
def test_a_copy_is_on_the_gpu() -> None:
    net = network()
    assert copy_on(net, "cuda").device.type == "cuda"
    assert net.device.type == "cpu"
