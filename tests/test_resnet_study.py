"""A study of a residual network, from its YAML to a replayed atlas."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.tasks.atlas import SILENT, integrity, open_tree
from spikeatlas.tasks.atlas.origin import run_of_atlas
from spikeatlas.tasks.inspect.replay.verify import verify
from spikeatlas.tasks.study.study import StudyError
from tests.tiny import built, study_file, tiny

RESNET: dict[str, Any] = {
    "kind": "resnet", "width": 4, "blocks": [1, 1, 1, 1], "stem": "cifar", "time_steps": 4,
}  # fmt: skip
LAYERS = ["sn1", "layer2.0.sn1", "layer4.0.sn2"]


def study(folder: Path, **sections: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "network": RESNET,
        "training": {"epochs": 2, "batch_size": 4, "lr": 1e-2, "surrogate": "atan"},
        "probe": {"epochs": [0, 2], "layers": LAYERS},
        "search": {"repeats": 1},
        "analysis": {"images": 60, "ablation": [2], "ablation_images": 60},
    }
    return tiny(folder, **{**fields, **sections})


@pytest.fixture(scope="module")
def finished(shared: Path) -> Checked:
    return built(shared / "resnet", study)


def test_its_atlas_is_whole_and_replayed(finished: Checked) -> None:
    assert integrity.metadata_damage(finished.run.atlas) == []

    for plain in (False, True):
        verdict = verify(run_of_atlas(finished.run.atlas), plain=plain)
        assert verdict.problems == []
        assert verdict.sound


def test_its_layers_are_the_papers(finished: Checked) -> None:
    with open_tree(finished.run.atlas) as tree:
        neurons = tree["neurons"]
        layers = [neurons.layer.values.tolist().count(layer) for layer in LAYERS]
        assert layers == [4, 8, 32]
        for layer in LAYERS:
            rows = tree["layers/" + layer]
            assert rows.response.dims[-1]
            assert (rows.status.values > 0).all()


def test_trained_neurons_respond(finished: Checked) -> None:
    with open_tree(finished.run.atlas) as tree:
        rows = tree["layers/layer2.0.sn1"].sel(epoch=2)
        awake = rows.status.values != SILENT
        assert awake.any()
        assert (rows.response.values[awake] > 0).all()


def test_its_neurons_are_silenced(finished: Checked) -> None:
    with open_tree(finished.run.atlas) as tree:
        importance = tree["importance/ablation"].sel(epoch=2)
        assert np.isfinite(importance.accuracy.values).all()
        assert importance.loss_increase.values.any()


def test_validate_prints_its_plan(
    ask: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = ask("validate", study_file(tmp_path, study(tmp_path / "run")), "--plan")

    assert done.returncode == 0, done.stderr
    assert "layer2.0.sn1: layered: torch" in " ".join(done.stdout.split())


def test_a_mistake_is_told_with_the_networks_layers(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"no layer 'layer1.1.sn1'.*layer1.0.sn1"):
        check(study(tmp_path / "run", probe={"layers": ["layer1.1.sn1"]}))
