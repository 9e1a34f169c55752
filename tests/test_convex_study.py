"""Studies of threshold units, from their YAML to a replayed atlas: on pixels, and on a layer of another study's network."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.tasks.atlas import SILENT, integrity, open_tree
from spikeatlas.tasks.atlas.origin import run_of_atlas
from spikeatlas.tasks.inspect.replay.verify import verify
from spikeatlas.tasks.stages.train import train_network
from spikeatlas.tasks.study.study import StudyError
from spikeatlas.tasks.study.value_fields import study_digest
from tests.tiny import built, tiny

CHAIN: dict[str, Any] = {"channels": [4], "hidden": [], "time_steps": 4}
PATH = [0.3, 0.05]
SECTIONS: dict[str, Any] = {
    "training": {"method": {"kind": "convex-threshold", "path": PATH}},
    "probe": {"epochs": [0, 2], "layers": ["units"], "neurons": 6},
    "search": {"repeats": 1},
    "analysis": {"images": 60, "ablation": [2], "ablation_images": 60},
}


def pixels(folder: Path, **sections: Any) -> dict[str, Any]:
    network = {"kind": "threshold-head", "units": 24}
    raw = tiny(folder, **{**SECTIONS, "network": network, **sections})
    # the tiny study's training is of batches
    raw["training"] = sections.get("training", SECTIONS["training"])
    return raw


def on_a_layer(folder: Path, chain: Path, **fields: Any) -> dict[str, Any]:
    source = {**CHAIN, "checkpoints": str(chain)}
    features = {"network": source, "layer": "conv1", "epoch": 1, **fields}
    response = {"response": "noisy", "copies": 4}
    return pixels(folder, network={"kind": "threshold-head", "units": 24, "features": features, **response})  # fmt: skip


@pytest.fixture(scope="module")
def finished(shared: Path) -> Checked:
    return built(shared / "convex", pixels)


@pytest.fixture(scope="module")
def chain(shared: Path) -> Path:
    """The checkpoints of another study."""
    raw = tiny(shared / "convex-chain", probe={"epochs": [1], "layers": ["conv1"]})
    raw = {**raw, "network": CHAIN, "training": {"epochs": 1, "batch_size": 32}}
    return train_network(check(raw).run)


@pytest.fixture(scope="module")
def head(shared: Path, chain: Path) -> Checked:
    return built(shared / "convex-head", lambda folder: on_a_layer(folder, chain))


@pytest.mark.parametrize("plain", [False, True])
def test_its_atlas_is_whole_and_replayed(finished: Checked, plain: bool) -> None:
    assert integrity.metadata_damage(finished.run.atlas) == []
    verdict = verify(run_of_atlas(finished.run.atlas), plain=plain)
    assert (verdict.problems, verdict.sound) == ([], True)


def test_its_epochs_are_steps_of_the_path(finished: Checked) -> None:
    with open_tree(finished.run.atlas) as tree:
        epoch = tree["progress"].epoch
        assert epoch.values.tolist() == [0, 2]
        assert epoch.attrs["long_name"] == "step of the regularisation path"
        optimum = tree["progress/optimum"]
        assert float(optimum.gap.max()) < 1e-6
        np.testing.assert_allclose(optimum.beta.sel(epoch=2), PATH[1] * 120)
        assert (optimum.objective.sel(epoch=2) < optimum.objective.sel(epoch=0)).all()


def test_units_answer_once_they_are_in_use(finished: Checked) -> None:
    with open_tree(finished.run.atlas) as tree:
        units = tree["layers/units"]
        assert (units.status.sel(epoch=0) == SILENT).all()
        awake = units.status.sel(epoch=2) != SILENT
        assert awake.any()
        assert units.response.attrs["units"] == "distance from the unit's plane, in features"
        importance = tree["importance/ablation"].sel(epoch=2)
        assert importance.loss_increase.values.any()


def test_a_head_on_a_layer_is_whole_and_replayed(head: Checked) -> None:
    verdict = verify(run_of_atlas(head.run.atlas), plain=False)
    assert (verdict.problems, verdict.sound) == ([], True)
    with open_tree(head.run.atlas) as tree:
        response = tree["layers/units"].response
        assert "noisy copies" in response.attrs["units"]
        assert 0 < float(response.max()) <= 1


def test_a_folder_that_moved_makes_no_other_study(head: Checked, chain: Path) -> None:
    other = check(on_a_layer(head.run.folder, chain / "." / ".." / chain.name))
    assert study_digest(other.study) == head.run.digest
    assert study_digest(check(on_a_layer(head.run.folder.parent / "b", chain, epoch=0)).study) != head.run.digest  # fmt: skip


def test_an_atlas_does_not_go_on_with_another_network_below(
    head: Checked, chain: Path, tmp_path: Path
) -> None:
    other = tmp_path / "chain"
    other.mkdir()
    shutil.copy(chain / "epoch-0.safetensors", other / "epoch-1.safetensors")
    with pytest.raises(StudyError, match=r"features of .*epoch-1\.safetensors.*since .* was made"):
        check(on_a_layer(head.run.folder, other))


@pytest.mark.parametrize(
    ("sections", "sentence"),
    [
        ({"probe": {"epochs": [1.5], "layers": ["units"]}}, "choose among 0, 1, 2"),
        ({"probe": {"epochs": [1], "layers": ["unit"]}}, "did you mean units"),
        ({"probe": {"reading": "latency", "layers": ["units"]}}, "there are none in units"),
        ({"training": {"method": {"kind": "convex-threshold", "path": [0.1, 0.2]}}}, "each beta must be below"),
        ({"training": {**SECTIONS["training"], "epochs": 3}}, "training.epochs: convex-threshold does not read it"),
        ({"training": {"method": "backprop"}}, "choose convex-threshold"),
        ({"network": {"channels": [4], "hidden": []}}, "set network.kind to threshold-head"),
        ({"analysis": {"lengths": [3]}}, r"^analysis\.lengths: .* for 3 time steps: .*threshold-head"),
        ({"training": {"method": {"kind": "convex-threshold", "path": [1e7]}}}, r"training\.method\.path\.0: .*1000000"),
    ],
    ids=["between", "layer", "reading", "path", "unused", "method", "network", "lengths", "beta"],
)  # fmt: skip
def test_mistakes_are_told(tmp_path: Path, sections: dict[str, Any], sentence: str) -> None:
    raw = pixels(tmp_path / "run", **sections)
    if "network" in sections:
        raw["network"] = sections["network"]
        raw["probe"] = {"epochs": [1], "layers": ["conv1"]}
    with pytest.raises(StudyError, match=sentence):
        check(raw)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"layer": "conv2"}, r"network\.features\.layer: .*'conv2' \(did you mean conv1\?\)"),
        ({"epoch": 7}, r"network\.features: there is no file .*epoch-7.*it holds epochs 0, 1"),
    ],
    ids=["layer", "epoch"],
)
def test_features_that_are_not_there_are_told(
    tmp_path: Path, chain: Path, fields: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(StudyError, match=sentence):
        check(on_a_layer(tmp_path / "run", chain, **fields))


def test_features_of_what_a_cut_left_are_refused(tmp_path: Path) -> None:
    raw = tiny(tmp_path / "cut", probe={"epochs": [1], "layers": ["conv1"]})
    callbacks = [{"kind": "prune", "by": "random", "sparsity": 0.5}]
    raw |= {"network": CHAIN, "training": {"epochs": 1, "batch_size": 32, "callbacks": callbacks}}
    folder = train_network(check(raw).run)
    with pytest.raises(
        StudyError, match=r"network\.features: .*cut units out of conv1 of .*epoch-1"
    ):
        check(on_a_layer(tmp_path / "run", folder))
    # before the cut it was whole
    assert check(on_a_layer(tmp_path / "run", folder, epoch=0))
