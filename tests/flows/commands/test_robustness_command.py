from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.snn.robustness import MASKED_GRADIENTS, measure_under
from tests.conftest import Ask
from tests.tiny import study_file, tiny

FEW = ["--images", "30", "--noise", "0.2", "--eps", "8/255", "--l2", "0.5"]
QUICK = ["--attack", "{kind: pgd, steps: 2}", "--attack", "{kind: square, queries: 8}"]


@pytest.fixture
def study(made: Checked, tmp_path: Path) -> Path:
    """The tiny study, trained."""
    (tmp_path / "run").mkdir()
    shutil.copytree(made.study.output / "checkpoints", tmp_path / "run" / "checkpoints")
    return study_file(tmp_path, tiny(tmp_path / "run"))


def measurements(study: Path) -> list[dict[str, Any]]:
    text = (study.parent / "run" / "robustness" / "robustness.json").read_text()
    rows: list[dict[str, Any]] = json.loads(text)["measurements"]
    return rows


def test_a_study_is_measured_and_nothing_twice(
    ask: Ask, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = ask("robustness", study, *FEW, *QUICK, "--attack", "noise")

    assert done.returncode == 0, done.stderr
    assert "epoch 2: " in done.stdout
    assert MASKED_GRADIENTS in done.stdout
    assert "Hoyer, clean images" in done.stdout
    rows = measurements(study)
    assert [row["label"] for row in rows if row["what"] == "accuracy"] == [
        "clean",
        "pgd-2",
        "square-8",
        "noise",
    ]
    assert list(rows[-1]["layers"]) == ["conv1", "conv2", "fc1", "out"]
    picture = study.parent / "run" / "robustness" / "robustness.png"
    assert picture.read_bytes().startswith(b"\x89PNG")

    monkeypatch.setattr(
        "spikeatlas.tasks.robustness.robustness_measures.measure_under",
        lambda *_arguments: pytest.fail("measured again"),
    )
    again = ask("robustness", study, *FEW, *QUICK, "--attack", "noise")
    assert again.returncode == 0, again.stderr
    assert again.stdout == done.stdout
    assert measurements(study) == rows

    # an earlier version called attacks otherwise
    record = study.parent / "run" / "robustness" / "robustness.json"
    record.write_text(record.read_text().replace('"label": "pgd-2"', '"label": "pgd"'))
    assert ask("robustness", study, *FEW, *QUICK, "--attack", "noise").stdout == done.stdout


def test_stopped_at_any_measurement_it_goes_on_to_the_same_file(
    ask: Ask, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["robustness", study, *FEW, *QUICK]
    calls = []

    def stopped(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return measure_under(*arguments)

    place = "spikeatlas.tasks.robustness.robustness_measures.measure_under"
    with monkeypatch.context() as patch:
        patch.setattr(place, stopped)
        assert ask(*words).returncode == 130
    assert [row["label"] for row in measurements(study)] == ["clean", "pgd-2"]

    assert ask(*words).returncode == 0
    assert ask(*words, "-o", study.parent / "whole").returncode == 0
    whole = json.loads((study.parent / "whole" / "robustness.json").read_text())
    assert measurements(study) == whole["measurements"]


def test_what_is_not_measured_yet_is_added(ask: Ask, study: Path) -> None:
    assert ask("robustness", study, *FEW, *QUICK).returncode == 0
    before = measurements(study)
    transfer = [
        "--attack",
        "{kind: transfer, steps: 2}",
        "--epochs",
        "0",
        "--epochs",
        "2",
    ]

    done = ask("robustness", study, *FEW, *QUICK, *transfer)

    assert done.returncode == 0, done.stderr
    rows = measurements(study)
    assert rows[: len(before)] == before
    sources = {row["epoch"]: row["source"] for row in rows if row.get("source")}
    assert sources == {0: "epoch 2", 2: "epoch 1"}


def test_another_study_gives_its_gradients(ask: Ask, study: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = study_file(tmp_path / "other", tiny(tmp_path / "run", seed=1))

    done = ask(
        "robustness", study, *FEW, "--attack", "transfer", "--transfer", other, "--transfer-epoch", "1", "-o", tmp_path / "o"
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "transfer-10 from epoch 1 of study" in done.stdout
    assert (tmp_path / "o" / "robustness.json").exists()


def test_a_network_without_gradients_says_so(ask: Ask, study: Path, tmp_path: Path) -> None:
    network = {"kind": "callable", "factory": "tests.snn.subjects.lab:talking", "layers": {"v1": 2}}
    raw = tiny(tmp_path / "lab", network=network, probe={"epochs": "all", "layers": "all"})
    (tmp_path / "lab").mkdir()
    lab = study_file(tmp_path / "lab", raw)

    done = ask("robustness", lab, *FEW, *QUICK)

    assert done.returncode == 0, done.stderr
    assert "accuracy is not measured: the network has no read-out" in done.stdout
    assert "channels, each the mean of its map" in done.stdout


def test_a_module_is_asked_and_follows_another_network_s_gradients(
    ask: Ask, study: Path, tmp_path: Path
) -> None:
    scaling = {"mean": [0.3], "std": [0.3]}
    network = {"kind": "module", "factory": "tests.networks.twin:twin", "normalise": scaling}
    (tmp_path / "twin").mkdir()
    probe = {"epochs": "all", "layers": "all"}
    twin = study_file(tmp_path / "twin", tiny(tmp_path / "mine", network=network, probe=probe))

    done = ask("robustness", twin, *FEW, *QUICK, "--attack", "transfer", "--transfer", study)

    assert done.returncode == 0, done.stderr
    assert "pgd-2 is not measured: the network has no gradients that it could follow" in done.stdout
    assert "transfer-10 from epoch 2 of study" in done.stdout
    assert "square-8" in done.stdout

    blind = ask("robustness", study, *FEW, "--attack", "transfer", "--transfer", twin)
    assert blind.returncode == 2
    assert "the network of kind module has no gradients" in blind.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--epochs", "7"], "--epochs: 7 has no checkpoint"),
        (["--images", "0"], "--images is 0"),
        (["--noise", "loud"], "--noise loud: write a number"),
        (["--eps", "0.001"], "at least one grey level"),
        (["--attack", "fgsm"], "name square or transfer beside it"),
        (["--attack", "pgx"], "did you mean pgd"),
        (["--attack", "{kind: pgd, stepz: 3}"], "stepz: there is no such field"),
        (["--attack", "{kind: pgd"], "write a name, or fields"),
        (
            [*QUICK, "--attack", "{kind: square, queries: 8}"],
            "--attack names square-8 (linf) 2 times",
        ),
        (
            [*QUICK, "--attack", "{kind: naa, layer: conv9}"],
            "--attack naa-10, layer conv9: the network has no layer 'conv9': there are conv1, conv2, fc1, out",
        ),
        ([*QUICK, "--attack", "{kind: naa, layer: ''}"], "the network has no layer ''"),
        (
            ["--attack", "{kind: naa-transfer, layer: conv9}"],
            "name one of these, or leave layer out",
        ),
        (["--transfer-epoch", "7"], "--transfer-epoch 7: there is no such epoch"),
        (["--transfer-epoch", "2"], "is the network under attack itself"),
        (["--set", "search.budgte=1"], "search.budgte"),
        (["--set", "data={dataset: saccades, frames: 2}"], "an attack takes still images"),
        (["--set", "output=nowhere"], "train the network first, with spikeatlas run"),
    ],
)
def test_mistakes_are_sentences_before_any_work(
    ask: Ask, study: Path, words: list[str], told: str
) -> None:
    done = ask("robustness", study, *words)

    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (study.parent / "run" / "robustness").exists()


def test_files_of_somebody_elses_stay(ask: Ask, study: Path, tmp_path: Path) -> None:
    for name in ("robustness.json", "robustness.png"):
        folder = tmp_path / name.replace(".", "-")
        folder.mkdir()
        (folder / name).write_text("mine")
        done = ask("robustness", study, "-o", folder)
        assert done.returncode == 2, name
        assert (folder / name).read_text() == "mine"
        assert len(list(folder.iterdir())) == 1
