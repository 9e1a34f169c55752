from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from spikeatlas.snn.modules.saved.checkpoint_fit import fit_tensors
from spikeatlas.snn.modules.saved.checkpoint_tables import put_checkpoint
from spikeatlas.snn.modules.saved.tensor_kinds import require_plain, whole_numbers
from tests.networks.snntorch_nets import tutorial

PATH = Path("a.pth")
WEIGHT = torch.ones(2, 3)


@pytest.mark.parametrize(
    ("tensor", "sentence"),
    [
        (WEIGHT.to_sparse(), r"a.pth holds w as a tensor that is not dense \(sparse_coo\): save"),
        (WEIGHT.to("meta"), "a.pth holds w as a meta tensor, a shape without numbers"),
        (WEIGHT.to(torch.complex64), "a.pth holds w as complex numbers, but the module's are real"),
    ],
)
def test_other_kinds_are_one_sentence(tensor: Tensor, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        require_plain({"w": WEIGHT}, {"w": tensor}, PATH)
    state = tutorial().state_dict()
    with pytest.raises(ValueError, match=r"holds fc\.bias as"):
        fit_tensors(tutorial(), state | {"fc.bias": _like(state["fc.bias"], tensor)}, PATH)


def _like(values: Tensor, kind: Tensor) -> Tensor:
    if kind.is_sparse:
        return values.to_sparse()
    return values.to(device=kind.device, dtype=kind.dtype)


def test_a_quantised_tensor_is_one_sentence(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "torch.quantize_per_tensor", UserWarning)
        quantised = torch.quantize_per_tensor(WEIGHT, 0.1, 0, torch.qint8)
        torch.save({"weight": quantised}, tmp_path / "a.pth")
    with pytest.raises(ValueError, match=r"a.pth holds weight as a quantised tensor"):
        put_checkpoint(nn.Linear(3, 2, bias=False), tmp_path / "a.pth")
    with pytest.raises(ValueError, match=r"a.pth holds w as a quantised tensor: save tensor.deq"):
        require_plain({"w": WEIGHT}, {"w": quantised}, PATH)


def test_complex_numbers_of_a_complex_module_are_plain() -> None:
    numbers = WEIGHT.to(torch.complex64)
    require_plain({"w": numbers}, {"w": numbers, "x": WEIGHT}, PATH)


def test_whole_numbers_that_were_kept_as_floats_are_rounded() -> None:
    expected = {"n": torch.tensor([2, 3]), "w": WEIGHT}
    tensors = {"n": torch.tensor([2 - 1e-12, 3 + 1e-12], dtype=torch.float64), "w": WEIGHT + 0.5}
    rounded = whole_numbers(expected, tensors, PATH)
    assert rounded["n"].tolist() == [2, 3]
    assert torch.equal(rounded["w"], WEIGHT + 0.5)
    with pytest.raises(ValueError, match=r"a.pth holds fractions in n, where the module has whole"):
        whole_numbers(expected, {"n": torch.tensor([2.0, 2.5])}, PATH)
    with pytest.raises(ValueError, match="save the tensor as int64"):
        whole_numbers(expected, {"n": torch.tensor([2.0, torch.nan])}, PATH)


def test_resets_that_were_kept_as_floats_are_the_same() -> None:
    tensors = {name: values.double() + 1e-12 for name, values in tutorial().state_dict().items()}
    assert fit_tensors(tutorial(), tensors, PATH) == []


def test_a_neurons_tensor_of_another_shape_is_not_missing() -> None:
    tensors = tutorial().state_dict() | {"lif1.threshold": torch.ones(14)}
    sentence = r"\(of another shape: lif1.threshold \(14,\) instead of \(\)\)"
    with pytest.raises(ValueError, match=sentence):
        fit_tensors(tutorial(), tensors, PATH)
