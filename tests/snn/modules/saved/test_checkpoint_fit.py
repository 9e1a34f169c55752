from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from spikeatlas.snn.modules.saved.checkpoint_fit import fit_tensors
from tests.networks.snntorch_nets import parallel, tutorial
from tests.networks.spikingjelly_nets import library

PATH = Path("a.pth")


def trained() -> dict[str, Tensor]:
    torch.manual_seed(3)
    return tutorial().state_dict()


def fits(module: nn.Module, tensors: dict[str, Tensor]) -> list[str]:
    notes = fit_tensors(module, tensors, PATH)
    assert torch.equal(
        module.state_dict()[next(iter(module.state_dict()))], trained()["conv1.weight"]
    )
    return notes


@pytest.mark.parametrize(
    ("prefix", "note"),
    [
        ("", []),
        ("module.", ["the prefix 'module.' of DataParallel is taken off"]),
        ("_orig_mod.", ["the prefix '_orig_mod.' of torch.compile is taken off"]),
        ("net.", ["the prefix 'net.' is taken off"]),
        ("model.net.", ["the prefix 'model.net.' is taken off"]),
        (
            "_orig_mod.module.",
            [
                "the prefix 'module.' of DataParallel is taken off",
                "the prefix '_orig_mod.' of torch.compile is taken off",
            ],
        ),
    ],
)
def test_prefixes_are_taken_off_and_said(prefix: str, note: list[str]) -> None:
    tensors = {prefix + name: tensor for name, tensor in trained().items()}
    assert fits(tutorial(), tensors) == note


def test_a_parallel_module_takes_plain_files() -> None:
    assert fits(parallel(), trained()) == []


def test_a_missing_factor_of_graded_spikes_is_one() -> None:
    tensors = {name: value for name, value in trained().items() if "graded" not in name}
    assert fits(tutorial(), tensors) == []
    other = tutorial()
    other.lif1.graded_spikes_factor.fill_(2.0)
    with pytest.raises(ValueError, match=r"missing: lif1.graded_spikes_factor"):
        fit_tensors(other, tensors, PATH)


def test_beta_and_threshold_come_from_the_file() -> None:
    tensors = trained()
    tensors["lif2.beta"], tensors["lif2.threshold"] = torch.tensor(0.25), torch.tensor(2.0)
    net = tutorial()
    fit_tensors(net, tensors, PATH)
    assert (float(net.lif2.beta), float(net.lif2.threshold)) == (0.25, 2.0)


def test_another_reset_is_refused_for_the_library_would_keep_its_own() -> None:
    # trap 2
    tensors = tutorial(reset="zero").state_dict()
    sentence = r"a.pth was saved with reset_mechanism 'zero' of lif1, but the factory makes it with 'subtract'"
    with pytest.raises(ValueError, match=sentence):
        fit_tensors(tutorial(), tensors, PATH)


def test_state_of_neurons_is_left_out_and_said() -> None:
    # trap 11
    tensors = trained() | {"lif1.mem": torch.zeros(32, 4, 3, 3), "lif2.spk": torch.zeros(2)}
    assert fits(tutorial(), tensors) == ["the neurons' state lif1.mem, lif2.spk is left out"]


def test_files_of_spikingjelly_say_nothing_of_neurons_but_plif() -> None:
    sj = library()
    net = nn.Sequential(nn.Linear(2, 2), sj["neuron"].ParametricLIFNode(), sj["neuron"].LIFNode())
    assert set(net.state_dict()) == {"0.weight", "0.bias", "1.w"}
    fit_tensors(net, {**net.state_dict(), "1.w": torch.tensor(3.0)}, PATH)
    assert net.get_parameter("1.w").item() == 3.0


def test_another_architecture_lists_the_keys() -> None:
    tensors = trained()
    del tensors["fc.bias"]
    tensors["fc2.weight"] = torch.zeros(1)
    tensors["conv1.weight"] = torch.zeros(8, 1, 3, 3)
    with pytest.raises(ValueError, match="does not fit") as error:
        fit_tensors(tutorial(), tensors, PATH)
    for part in (
        "missing: fc.bias;",
        "not in the module: fc2.weight;",
        "of another shape: conv1.weight (8, 1, 3, 3) instead of (4, 1, 3, 3)",
        "network.options",
    ):
        assert part in str(error.value)


def test_a_long_list_is_cut() -> None:
    with pytest.raises(ValueError, match="and 9 more"):
        fit_tensors(tutorial(), {"other": torch.zeros(1)}, PATH)


@pytest.mark.parametrize("prefix", ["net.", "model.", "model.net."])
def test_what_stands_outside_of_the_prefix_is_left_out_and_said(prefix: str) -> None:
    tensors = {prefix + name: tensor for name, tensor in trained().items()}
    others = {"loss.weight": torch.ones(10), "metric.total": torch.zeros(())}
    assert fits(tutorial(), tensors | others) == [
        f"the prefix {prefix!r} is taken off",
        "what stands outside of it is left out: loss.weight, metric.total",
    ]


def test_a_superfluous_tensor_under_the_prefix_is_refused() -> None:
    tensors = {f"net.{name}": tensor for name, tensor in trained().items()}
    sentence = r"not in the module: head.weight\): .* or save a file without what is no part of it"
    with pytest.raises(ValueError, match=sentence):
        fit_tensors(tutorial(), tensors | {"net.head.weight": torch.ones(2)}, PATH)
    with pytest.raises(ValueError, match=r"not in the module: loss.weight\)"):
        fit_tensors(tutorial(), trained() | {"loss.weight": torch.ones(2)}, PATH)


def test_weights_and_their_average_in_one_file_are_not_chosen_between() -> None:
    tensors = {
        prefix + name: tensor
        for prefix in ("ema.", "net.")
        for name, tensor in trained().items()
        if "graded" not in name
    }
    with pytest.raises(ValueError, match=r"more than once, under 'ema.' and under 'net.': save"):
        fit_tensors(tutorial(), tensors, PATH)


def test_the_factor_that_old_files_lack_hides_no_prefix() -> None:
    tensors = {f"net.{name}": value for name, value in trained().items() if "graded" not in name}
    assert fits(tutorial(), tensors | {"loss.weight": torch.ones(2)}) == [
        "the prefix 'net.' is taken off",
        "what stands outside of it is left out: loss.weight",
    ]
