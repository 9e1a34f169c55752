from __future__ import annotations

import argparse
import importlib
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.files import digest_file
from spikeatlas.snn.subjects import Showing, Source
from tests.networks.other_nets import Small
from tests.networks.showing import KEY, OTHER, SNNTORCH, all_responses, module_source, picture_data
from tests.networks.snntorch_nets import Tutorial, tutorial

HERE = "tests.snn.subjects.test_module_source"
TUTORIAL = f"{SNNTORCH}:tutorial"
IMAGES, LABELS = picture_data().test.images, picture_data().test.labels


def weights(seed: int) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    return tutorial().state_dict()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Checkpoints in forms of several training scripts."""
    torch.save(weights(0), tmp_path / "epoch_0.pth")
    torch.save(
        {"model": weights(1), "args": argparse.Namespace(), "acc": 55.0, "step": 7},
        tmp_path / "epoch_1.pth",
    )
    torch.save(
        {"state_dict": {f"net.{k}": v for k, v in weights(2).items()}}, tmp_path / "epoch_2.5.pth"
    )
    return tmp_path


def test_epochs_have_their_weights(folder: Path) -> None:
    source = module_source(TUTORIAL, checkpoints=f"{folder}/epoch_{{epoch}}.pth")
    assert list(source.epochs()) == [0, 1, 2.5]
    assert "epochs" not in source.lacks
    for epoch, seed in ((0, 0), (1, 1), (2.5, 2)):
        subject = source.open(epoch)
        assert torch.equal(
            subject._module.get_parameter("conv1.weight"), weights(seed)["conv1.weight"]
        )
        assert source.digest(epoch) == digest_file(folder / f"epoch_{epoch:g}.pth")
    assert source.notes(0) == []
    assert source.notes(2.5) == ["the prefix 'net.' is taken off"]
    assert source.progress(1).step == 7
    assert source.problems([0, 1, 2.5]) == []


def test_the_first_epoch_is_added(folder: Path) -> None:
    source = module_source(TUTORIAL, checkpoints=f"{folder}/epoch_{{epoch}}.pth", first_epoch=1)
    assert list(source.epochs()) == [1, 2, 3.5]
    assert torch.equal(source.open(1)._module.get_parameter("fc.bias"), weights(0)["fc.bias"])


def test_epochs_that_cannot_be_read_are_said_and_do_not_stop_the_others(folder: Path) -> None:
    source = module_source(TUTORIAL, checkpoints=f"{folder}/epoch_{{epoch}}.pth")
    (folder / "epoch_3.pth").write_bytes(b"half")
    torch.save(nn.Linear(2, 2).state_dict(), folder / "epoch_4.pth")
    assert list(source.unreadable()) == [3]
    unreadable, other = source.problems([0, 3, 4])
    assert "epoch_3.pth is text, which begins" in unreadable
    assert "epoch_4.pth does not fit the factory's module (missing: conv1.weight" in other
    with pytest.raises(
        FileNotFoundError, match=r"no checkpoint of epoch 7 .* there are: 0, 1, 2.5, 3, 4"
    ):
        source.open(7)


def test_files_one_by_one(folder: Path) -> None:
    save_file(weights(4), folder / "last.safetensors", {"accuracy": "0.25"})
    files = {0: str(folder / "epoch_0.pth"), 9: str(folder / "last.safetensors")}
    source = module_source(TUTORIAL, checkpoints=files)
    (doubt,) = source.doubts(9, 0.5)
    assert "records 25.0%" in doubt
    assert torch.equal(source.open(9)._module.get_parameter("fc.bias"), weights(4)["fc.bias"])


def test_without_checkpoints_there_is_one_network_the_same_in_every_process() -> None:
    source, other = module_source(TUTORIAL), module_source(TUTORIAL)
    assert source.epochs() == {0: None}
    assert source.lacks == ("gradients", "training", "epochs")
    assert source.digest(0) == other.digest(0) == source.network_digest
    first, second = (all_responses(item.open(0), IMAGES) for item in (source, other))
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert source.fingerprint(0) == other.fingerprint(0)


@pytest.mark.parametrize(
    "fields",
    [
        {"options": {"steps": 9}},
        {"normalise": {"mean": [0.1], "std": [1.0]}},
        {"layers": ["lif1"]},
        {"readout": "lif3"},
        {"readout": "none"},
        {"classes": "logit"},
        {"reference": {"quantile": 0.5}},
    ],
)
def test_settings_are_part_of_the_digest(fields: dict[str, Any]) -> None:
    assert (
        module_source(TUTORIAL, **fields).network_digest != module_source(TUTORIAL).network_digest
    )


def test_a_module_whose_outputs_are_no_classes_says_so(users: Path) -> None:
    (users / "ms_model.py").write_text(
        "from torch import nn\n"
        "def make():\n    return nn.Sequential(nn.Flatten(), nn.Linear(64, 5), nn.ReLU())\n"
    )
    with pytest.raises(ValueError, match=r"output has 5 scores, .* 10 classes: .* or write none\."):
        module_source("ms_model:make")
    source = module_source("ms_model:make", readout="none")
    assert source.classes is None
    assert "readout" in source.lacks
    assert source.facts["read-out"] == "none, as the study says"
    with pytest.raises(ValueError, match=r"network.classes needs .* network.readout is none\."):
        module_source("ms_model:make", readout="none", classes="logit")


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user's file, with a helper beside it."""
    (tmp_path / "ms_model.py").write_text(
        "from ms_helper import WIDTH\nfrom torch import nn\n"
        "def make():\n    return nn.Sequential(nn.Flatten(), nn.Linear(64, WIDTH), nn.ReLU())\n"
    )
    (tmp_path / "ms_helper.py").write_text("WIDTH = 10\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    forget()


def forget() -> None:
    for name in [name for name in sys.modules if name.startswith("ms_")]:
        del sys.modules[name]
    importlib.invalidate_caches()


def test_changed_code_changes_the_digest_and_changed_answers_the_fingerprint(users: Path) -> None:
    source = module_source("ms_model:make")
    before = source.network_digest, source.fingerprint(0)
    parts = source.network_parts
    words = {
        "ms_model.py": "the factory's file ms_model.py",
        "ms_helper.py": "ms_helper.py, which it imports",
    }
    for name, part in words.items():
        text = (users / name).read_text()
        (users / name).write_text(f"{text}# changed\n")
        forget()
        changed = module_source("ms_model:make")
        assert changed.network_digest != before[0]
        assert dict(parts.items() - changed.network_parts.items()).keys() == {part}
        assert changed.fingerprint(0) == before[1]
        (users / name).write_text(text)
        forget()
    assert module_source("ms_model:make").network_digest == before[0]
    assert (
        module_source("ms_model:make", normalise={"mean": [0.4], "std": [1.0]}).fingerprint(0)
        != before[1]
    )


class Bright(Small):
    """Reads whether an image is brighter than grey: class 1, else class 0; blind where it is normalised twice."""

    def forward(self, x: Tensor) -> Tensor:
        hidden = super().forward(x) * 0
        brightness = x.mean((1, 2, 3))
        return hidden + torch.stack([-brightness, brightness] + [brightness * 0 - 9] * 8, 1)


def bright() -> nn.Module:
    return Bright()


def accuracy_of(source: Source, epoch: float, images: Any, labels: Any) -> float:
    """Share of the images that the epoch's read-out reads right."""
    key = CodingKey(0, source.digest(epoch), "accuracy")
    scores = source.open(epoch).scores(images, Showing(64, key))
    return float((scores.argmax(1) == labels).mean())


def test_accuracy_is_measured_and_held_against_the_checkpoints(tmp_path: Path) -> None:
    factory = f"{HERE}:bright"
    torch.save({"model": bright().state_dict(), "test_acc": 1.0}, tmp_path / "1.pth")
    images = IMAGES.copy()
    labels = (np.arange(len(images)) % 2).astype(np.int64)
    images[labels == 1] = images[labels == 1] // 2 + 128
    images[labels == 0] //= 2
    fields: dict[str, Any] = {"checkpoints": f"{tmp_path}/{{epoch}}.pth"}
    right = module_source(factory, normalise={"mean": [0.5], "std": [0.5]}, **fields)
    accuracy = accuracy_of(right, 1, images, labels)
    assert accuracy == 1.0
    assert right.doubts(1, accuracy) == []
    # trap 14: normalised within the module as well, or with another mean
    wrong = module_source(factory, normalise="none", **fields)
    accuracy = accuracy_of(wrong, 1, images, labels)
    assert accuracy == 0.5
    (doubt,) = wrong.doubts(1, accuracy)
    assert "records 100.0%: is network.normalise" in doubt


def test_classes_in_another_order_read_no_better_than_chance(folder: Path) -> None:
    # trap 15
    source = module_source(TUTORIAL, checkpoints=f"{folder}/epoch_{{epoch}}.pth")
    (doubt,) = source.doubts(0, 0.1)
    assert "the order of the classes" in doubt
    assert source.doubts(0, 0.5) == module_source(TUTORIAL).doubts(0, 0.1) == []


class Stubborn(Tutorial):
    """Looks at its images before it goes on, which no trace can follow."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if bool(x.isnan().any()):
            raise ValueError("no number")
        return super().forward(x)


def stubborn() -> Stubborn:
    return Stubborn()


def test_a_loop_that_no_faster_way_reads_cannot_be_cut() -> None:
    assert "truncation" in module_source(f"{HERE}:stubborn").lacks
    assert "truncation" not in module_source(f"{SNNTORCH}:tutorial").lacks
    assert "truncation" not in module_source(f"{SNNTORCH}:nested_step", time_steps=10).lacks


def test_fewer_scores_than_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="has 4 scores, but the data have 10 classes"):
        module_source(
            f"{OTHER}:torchvision_resnet18", data=picture_data(3, 16), options={"classes": 4}
        )


def test_a_source_answers_what_its_subjects_do() -> None:
    source = module_source(f"{OTHER}:drawing", classes="probability")
    subject = source.example()
    assert source.stochastic is subject.stochastic is True
    assert (
        (source.time_steps, source.classes) == (subject.time_steps, subject.classes) == (None, 10)
    )
    assert source.layers == subject.layers
    assert source.lacks == subject.lacks
    assert source.input_shape == subject.input_shape == (1, 8, 8)
    accuracy = accuracy_of(source, 0, IMAGES, LABELS)
    assert accuracy_of(source, 0, IMAGES, LABELS) == accuracy
    assert subject.scores(IMAGES, Showing(key=KEY)).shape == (40, 10)


def compiled_names(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"_orig_mod.{name}": tensor for name, tensor in state.items()}


FORMS: dict[str, Any] = {
    "state_dict": lambda state: state,
    "model_state_dict": lambda state: {"model_state_dict": state, "optimizer": {}, "epoch": 4},
    "parallel": lambda state: {f"module.{name}": tensor for name, tensor in state.items()},
    "compiled": compiled_names,
    "lightning": lambda state: {
        "state_dict": {f"net.{k}": v for k, v in state.items()},
        "epoch": 4,
    },
    "spikingjelly": lambda state: {"model": state, "args": argparse.Namespace(T=4), "epoch": 4},
    "numpy": lambda state: {"net": state, "acc": np.float64(0.5)},
    "older": lambda state: {k: v for k, v in state.items() if "graded_spikes_factor" not in k},
}


@pytest.mark.parametrize("first_epoch", [0, 1])
@pytest.mark.parametrize("form", FORMS)
def test_files_of_every_form_are_opened(tmp_path: Path, form: str, first_epoch: int) -> None:
    torch.save(FORMS[form](weights(5)), tmp_path / "epoch_4.pth")
    (tmp_path / "best.pth").write_bytes(b"no epoch")
    source = module_source(
        TUTORIAL, checkpoints=f"{tmp_path}/epoch_{{epoch}}.pth", first_epoch=first_epoch
    )
    (epoch,) = source.epochs()
    assert epoch == 4 + first_epoch
    state = source.open(epoch)._module.state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in weights(5).items())


def test_a_whole_module_is_refused_in_a_sentence(tmp_path: Path) -> None:
    torch.save(Small(), tmp_path / "1.pth")
    with pytest.raises(ValueError, match=r"holds whole objects .*Small.*save net.state_dict\(\)"):
        module_source(f"{OTHER}:small", checkpoints=f"{tmp_path}/{{epoch}}.pth")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_weights_that_are_no_numbers_are_refused_with_their_file(
    folder: Path, value: float
) -> None:
    diverged = weights(3)
    diverged["fc.weight"][2, 0] = value
    torch.save(diverged, folder / "epoch_3.pth")
    source = module_source(TUTORIAL, checkpoints=f"{folder}/epoch_{{epoch}}.pth")
    sentence = f"network.checkpoints: {folder}/epoch_3.pth: 1 of 60 values of fc.weight are NaN"
    (problem,) = source.problems([0, 3])
    assert problem.startswith(sentence)
    with pytest.raises(ValueError, match=r"values of fc.weight are NaN or infinite"):
        source.open(3)


def diverged() -> nn.Module:
    net = Small()
    nn.init.constant_(net.fc2.bias, math.nan)
    return net


def test_a_factory_whose_weights_are_no_numbers_is_refused() -> None:
    sentence = f"network.factory: {HERE}:diverged: 10 of 10 values of fc2.bias are NaN or infinite"
    with pytest.raises(ValueError, match=sentence):
        module_source(f"{HERE}:diverged")


class Rooted(Small):
    """Takes the root of a weight, which some training makes negative."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x * self.scale.sqrt())


def rooted() -> Rooted:
    return Rooted()


def test_an_epoch_that_answers_no_numbers_is_named(tmp_path: Path) -> None:
    for epoch, scale in ((0, 1.0), (1, -1.0)):
        net = Rooted()
        nn.init.constant_(net.scale, scale)
        torch.save(net.state_dict(), tmp_path / f"{epoch}.pth")
    source = module_source(f"{HERE}:rooted", checkpoints=f"{tmp_path}/{{epoch}}.pth")
    assert source.problems([0]) == []
    (problem,) = source.problems([0, 1])
    assert "relu1 gets numbers that are NaN or infinite for some of 8 training images" in problem


class Doubtful(Small):
    """Draws random numbers, which the first epoch leaves without effect."""

    def __init__(self) -> None:
        super().__init__()
        self.noise = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x + self.noise * torch.rand_like(x))


def doubtful() -> Doubtful:
    return Doubtful()


def test_noise_that_the_first_epoch_hides_is_said(tmp_path: Path) -> None:
    for epoch, noise in ((0, 0.0), (1, 1.0)):
        net = Doubtful()
        nn.init.constant_(net.noise, noise)
        torch.save(net.state_dict(), tmp_path / f"{epoch}.pth")
    source = module_source(f"{HERE}:doubtful", checkpoints=f"{tmp_path}/{{epoch}}.pth")
    assert not source.stochastic
    (problem,) = source.problems([0, 1])
    assert "the module of epoch 1 is stochastic, but that of the first epoch" in problem


def test_what_a_file_has_beside_the_module_is_said(tmp_path: Path) -> None:
    tensors = {f"net.{name}": tensor for name, tensor in weights(0).items()}
    torch.save({"state_dict": tensors | {"loss.weight": torch.ones(10)}}, tmp_path / "0.ckpt")
    source = module_source(TUTORIAL, checkpoints=f"{tmp_path}/{{epoch}}.ckpt")
    assert source.facts["of its files"] == (
        "the prefix 'net.' is taken off; what stands outside of it is left out: loss.weight"
    )
    assert source.facts["read-out"] == "output[0]"
