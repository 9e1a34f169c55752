"""Bad networks, at the level of ``spikeatlas validate STUDY``: one clear sentence, exit code 2, no traceback."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from spikeatlas.flows.checks.study_checks import check
from spikeatlas.tasks.study.study import StudyError
from tests.conftest import Ask
from tests.networks import mistakes, snntorch_nets
from tests.tiny import STUDY, study_file, tiny

NETS = "tests.networks.snntorch_nets"
MISTAKES = "tests.networks.mistakes"
OTHERS = "tests.networks.other_nets"
LAB = "tests.snn.subjects.lab"
TUTORIAL = f"{NETS}:tutorial"
MEAN_STD = {"mean": [0.5], "std": [0.2]}


def module(factory: str = TUTORIAL, **fields: Any) -> dict[str, Any]:
    return {"kind": "module", "factory": factory, "normalise": "none", **fields}


def function(factory: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "callable", "factory": f"{LAB}:{factory}", "layers": {"v1": 5}, **fields}


def without(fields: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != name}


def problems(ask: Ask, folder: Path, network: dict[str, Any], **sections: Any) -> list[str]:
    """Sentences of ``validate``, which ends with 2."""
    raw = {
        "data": {"dataset": "digits", "limit": 120},
        "generator": STUDY["generator"],
        "search": {"methods": ["random"], "budget": 20, "screening_images": 12},
        "network": network,
        "output": str(folder / "run"),
        **sections,
    }
    done = ask("validate", study_file(folder, raw))
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "run" / "atlas.zarr").exists()
    return [line for line in done.stderr.splitlines() if line.strip()]


NETWORKS: list[tuple[dict[str, Any], str]] = [
    # the factory
    (module("mymodel:make_net"), "No module named 'mymodel'.*in the working folder"),
    (module("mymodel.make_net"), "names no function; write module:function.*mymodel:make_net"),
    (module(f"{NETS}:tutorail"), "has no tutorail .did you mean tutorial"),
    (module(f"{MISTAKES}:NO_FUNCTION"), "is an int, no function"),
    (module(f"{MISTAKES}:needs_option"), "needs_option needs hidden: write network.options: {hidden: ...}"),
    (module(options={"step": 3}), "network.options: .* does not take step .did you mean steps"),
    (module(f"{MISTAKES}:forgets_return"), "returns None; it must return a torch.nn.Module"),
    (module(f"{MISTAKES}:on_gpu"), "no NVIDIA driver.*; spikeatlas calls it on the CPU"),
    (module(f"{MISTAKES}:scripted"), "ScriptModule .*, in which no hook fires"),
    # fields
    ({**module(), "kind": "modul"}, "network.kind: 'modul' is not known .did you mean module"),
    (module(checkpoint="a.pth"), "network.checkpoint: .*did you mean checkpoints"),
    (without(module(), "normalise"), "network.normalise is missing: write what"),
    ({**without(module(), "normalise"), "normalize": "none"}, "is missing .you wrote normalize"),
    (module(normalise="imagenet"), "'imagenet' is not known; allowed: data, none"),
    (module(normalise={"mean": [0.5] * 3, "std": [0.2]}), "mean has 3 values.* 1 channels"),
    (module(normalise={"mean": [0.5], "std": [0]}), "std.0: 0 .* more than 0"),
    (module(normalise={"mean": [0.5]}), "network.normalise.std is missing"),
    (module(input="step"), "'step' is not known .did you mean steps"),
    (module(coding="poisson"), "network.input is auto, but coding poisson"),
    (module(classes="prob"), "'prob' is not known .did you mean probability"),
    # the trial
    (module(f"{MISTAKES}:of_flat_images"), "fails on images of shape .1, 8, 8., .*nn.Flatten"),
    (module(f"{OTHERS}:functional"), "no neuron module found: .*nn.ReLU in place of F.relu"),
    (module(f"{OTHERS}:global_state"), "state outside of the module's attributes and buffers"),
    (module(f"{OTHERS}:closure"), "state outside of the module's attributes and buffers"),
    (module(f"{OTHERS}:batch_statistics"), "depends on the other images of its batch"),
    # time
    (module(time_steps=5), "time_steps is 5, but the module runs 10 steps"),
    (module(time_steps=0), "network.time_steps: 0 .* 1 or more"),
    (module(input="steps", time_steps=10), "input is steps, but the module runs 10 steps"),
    (module(f"{MISTAKES}:one_step"), "runs one step .* write network.time_steps"),
    (module(f"{MISTAKES}:one_neuron"), "lif is the only neuron, and is called 10 times"),
    # layers and read-out
    (module(layers=["lif1", "lif4"]), "names 'lif4', .*did you mean lif3"),
    (module(layers={"first": "liff1"}), "names 'liff1', .*did you mean lif1"),
    (module(layers=["lif1#3"]), "lif1#3 does not exist; lif1 is called 1 times"),
    (module(readout="lif9"), "network.readout is 'lif9' .did you mean lif3"),
    (module(readout="output.3."), "network.readout is 'output.3.'"),
    (module(f"{NETS}:membranes_only"), "auto cannot tell .* write output.0., output.1."),
    (module(f"{MISTAKES}:of_few_classes", time_steps=4), "has 4 scores, but the data have 10"),
    # files
    (module(checkpoints="nowhere/net.pth"), "has {epoch} 0 times; write it once"),
    (module(checkpoints={0: "nowhere/net.pth"}), "nowhere/net.pth is not there: check the path"),
    ({"kind": "nir", "file": "nowhere.nir", "time_steps": 3, "normalise": "none"}, "no nowhere.nir"),
    ({"kind": "nir", "file": "nowhere.nir", "normalise": "none"}, "network.time_steps is missing"),
    ({"kind": "nir", "file": "nowhere.nir", "time_steps": 3}, "network.normalise is missing"),
    # functions
    (without(function("recorder"), "layers"), "network.layers is missing"),
    (function("failing", options={"neurons": 3}), "fails with OSError: no amplifier for 3"),
    (function("no_function"), "returns an int; it must return a function of images"),
    (function("wrong", options={"what": "shape"}), "have shape .* and 5 neurons it must be"),
]  # fmt: skip


@pytest.mark.parametrize(("network", "sentence"), NETWORKS)
def test_a_mistake_is_one_sentence(
    ask: Ask, tmp_path: Path, network: dict[str, Any], sentence: str
) -> None:
    (problem,) = problems(ask, tmp_path, network)

    assert re.search(sentence, problem), problem


PROBES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (module(), {"layers": ["lif4"]}, "no layer 'lif4' .did you mean lif3 .* has lif1, lif2, lif3"),
    (module(), {"layers": ["conv1"]}, "'conv1' is a part of the module, but no layer that network.layers"),
    (
        module(),
        {"layers": ["lif1"], "reading": {"kind": "difference", "pairs": {"lif3": [[0, 1]]}}},
        "'lif1' is a layer of which probe.reading .difference. says nothing; probe lif3",
    ),
    (module(), {"layers": ["lif1"], "unit": [9, 0]}, "unit is .9, 0., .* in the maps of lif1 .3 x 3."),
    (module(), {"unit": [9, 9]}, "in the maps of lif1 .3 x 3."),
    (module(), {"unit": "center"}, "'center' is no unit; write channel"),
    (module(), {"reading": "latancy"}, "'latancy' is not known .did you mean latency"),
    (module(), {"reading": {"kind": "window", "stop": 50}}, "stop of the window is 50, .* at most 10"),
    (
        module(),
        {"reading": {"kind": "difference", "pairs": {"lif3": [[0, 99]]}}},
        "names neuron 99 of layer 'lif3', which has 10",
    ),
    (module(), {"layers": ["lif3"], "unit": [9, 9]}, "unit is .9, 9., a position of .* has one .lif3"),
    (function("recorder"), {"unit": [9, 9]}, "probe.unit is .9, 9., a position of maps.*: use channel"),
    (function("recorder"), {"unit": "centre"}, "probe.unit is centre, a position of maps"),
    (function("recorder"), {"reading": "latency"}, "knows no time steps; use rate"),
]  # fmt: skip


@pytest.mark.parametrize(("network", "probe", "sentence"), PROBES)
def test_a_mistake_of_the_probe_is_one_sentence(
    ask: Ask, tmp_path: Path, network: dict[str, Any], probe: dict[str, Any], sentence: str
) -> None:
    (problem,) = problems(ask, tmp_path, network, probe=probe)

    assert re.search(sentence, problem), problem


def test_a_kind_that_is_not_said_is_asked_for(ask: Ask, tmp_path: Path) -> None:
    factory, normalise = problems(ask, tmp_path, without(module(), "kind"))

    assert "network.factory: without a kind there is no such field; kind: module or" in factory
    assert "module or nir has it" in normalise


def test_what_is_lacking_cannot_be_analysed(ask: Ask, tmp_path: Path) -> None:
    analysis = {"ablation": [0], "ablation_images": 60}

    (problem,) = problems(ask, tmp_path, function("recorder"), analysis=analysis)

    assert problem.count("analysis.ablation") == 2
    assert "none of its neurons can be silenced; leave analysis.ablation out" in problem


def save(net: Callable[[], torch.nn.Module], path: Path) -> None:
    torch.save(net().state_dict(), path)


def test_files_that_do_not_fit_are_named(ask: Ask, tmp_path: Path) -> None:
    """A file of another reset, one of another network, one that is a whole module, half a file."""
    pattern = str(tmp_path / "epoch_{epoch}.pth")
    file = tmp_path / "epoch_1.pth"
    sentences = {}
    for name, write in {
        "reset": lambda: save(mistakes.resets_to_zero, file),
        "keys": lambda: save(lambda: mistakes.needs_option(5), file),
        "whole": lambda: torch.save(mistakes.needs_option(5), file),
        "half": lambda: file.write_bytes(file.read_bytes()[:200]),
    }.items():
        write()
        (sentences[name],) = problems(ask, tmp_path, module(checkpoints=pattern))

    assert "saved with reset_mechanism 'zero' of lif1" in sentences["reset"]
    assert re.search(
        "does not fit .*missing: conv1.weight.*not in the module: 1", sentences["keys"]
    )
    assert "holds whole objects" in sentences["whole"]
    assert "save net.state_dict()" in sentences["whole"]
    assert "is no readable checkpoint" in sentences["half"]
    assert all(str(file) in sentence for sentence in sentences.values())


def test_patterns_that_fit_nothing_or_two_files(ask: Ask, tmp_path: Path) -> None:
    folder = tmp_path / "ckpt"
    pattern = {"checkpoints": str(folder / "epoch_{epoch}.pth")}

    (problem,) = problems(ask, tmp_path, module(**pattern))
    assert f"network.checkpoints: there is no folder {folder}" in problem

    folder.mkdir()
    save(snntorch_nets.tutorial, folder / "best.pth")
    (problem,) = problems(ask, tmp_path, module(**pattern))
    assert re.search(r"no file fits .*epoch_.epoch.\.pth; in .*ckpt there is best\.pth", problem)

    save(snntorch_nets.tutorial, folder / "epoch_1.pth")
    (problem,) = problems(ask, tmp_path, module(**pattern), probe={"epochs": [0, 1]})
    assert re.search(r"probe.epochs: 0 has no checkpoint in .*, which holds epochs 1", problem)

    save(snntorch_nets.tutorial, folder / "epoch_1.0.pth")
    (problem,) = problems(ask, tmp_path, module(**pattern))
    assert re.search(r"epoch_1\.0\.pth and .*epoch_1\.pth are both epoch 1; move one", problem)


def test_an_accuracy_that_is_not_the_trainings_is_said(ask: Ask, tmp_path: Path) -> None:
    """As with another std than that of the training: no mistake that can be known, so a warning."""
    net = snntorch_nets.tutorial()
    torch.save({"state_dict": net.state_dict(), "test_acc": 0.91}, tmp_path / "epoch_1.pth")
    checkpoints = str(tmp_path / "epoch_{epoch}.pth")
    raw = {
        "data": {"dataset": "digits", "limit": 120},
        "search": {"methods": ["random"], "budget": 20, "screening_images": 12},
        "network": module(checkpoints=checkpoints, normalise=MEAN_STD),
        "output": str(tmp_path / "run"),
    }

    done = ask("validate", study_file(tmp_path, raw))

    assert done.returncode == 0, done.stderr
    words = " ".join(done.stdout.split())
    assert re.search(
        "test images right, but its checkpoint records 91.0%: is network.normalise", words
    )


@pytest.mark.parametrize(
    ("network", "sections", "hint"),
    [
        (module(readout="nonsense"), {}, "network.readout is 'nonsense'"),
        (module(), {"probe": {"unit": [99, 99]}}, "probe.unit"),
    ],
)
def test_a_network_that_cannot_be_made_hides_no_other_mistake(
    ask: Ask, tmp_path: Path, network: dict[str, Any], sections: dict[str, Any], hint: str
) -> None:
    search = {"methods": ["screened"], "budget": 20, "screening_images": 20}
    sentences = problems(ask, tmp_path, network, search=search, **sections)
    assert any(hint in sentence for sentence in sentences), sentences
    assert any(
        sentence.startswith("search.screening_images: 20 leave nothing") for sentence in sentences
    ), sentences


def test_a_wrong_reading_hides_no_wrong_layer(ask: Ask, tmp_path: Path) -> None:
    sentences = problems(
        ask, tmp_path, module(), probe={"unit": [99, 99], "neurons": {"nowhere": [0]}}
    )
    assert any("probe.unit" in sentence for sentence in sentences), sentences
    assert any("there is no layer 'nowhere'" in sentence for sentence in sentences), sentences


def test_a_folder_without_files_of_our_form_says_which_they_are(tmp_path: Path) -> None:
    (tmp_path / "ck").mkdir()
    (tmp_path / "ck" / "epoch-0.pt").write_bytes(b"")
    with pytest.raises(StudyError) as caught:
        check(
            tiny(
                tmp_path / "run",
                network={"checkpoints": str(tmp_path / "ck")},
                training={"epochs": 0},
            )
        )
    (problem,) = [each for each in caught.value.problems if "no file fits" in each]
    assert "there is epoch-0.pt; of this kind are files epoch-<number>.safetensors" in problem
    assert "docs/networks.md (weights of your own)" in problem
