from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spikeatlas.tasks.study.study import Study
from spikeatlas.tasks.study.study_paths import absolute_paths, moved_path, replaced_paths
from tests.tiny import tiny

MODULE = {"kind": "module", "factory": "m:f", "normalise": "none"}


@pytest.mark.parametrize(
    ("network", "there"),
    [
        ({"checkpoints": "ck"}, "/ck"),
        ({**MODULE, "checkpoints": "ck/e-{epoch}.pt"}, "/ck/e-{epoch}.pt"),
        ({**MODULE, "checkpoints": {0: "a.pt", 2: "/b.pt"}}, {"0.0": "/a.pt", "2.0": "/b.pt"}),
        ({"kind": "nir", "file": "n/x.nir", "time_steps": 4, "normalise": "none"}, "/n/x.nir"),
    ],
)  # fmt: skip
def test_every_path_is_kept_absolute(
    network: dict[str, Any], there: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    raw = {**tiny(Path("runs/a")), "data": {"root": "imgs"}, "network": network}
    raw["generator"]["checkpoint"] = "g.safetensors"
    study = Study.model_validate(raw)
    paths = json.loads(absolute_paths(study))

    at = str(tmp_path)
    assert paths["output"] == f"{at}/runs/a"
    assert paths["data"] == {"root": f"{at}/imgs"}
    assert paths["generator"] == {"checkpoint": f"{at}/g.safetensors"}
    (value,) = paths["network"].values()
    values = (value, there) if isinstance(value, str) else (value["0.0"], there["0.0"])
    assert values[0] == f"{at}{values[1]}"
    again = Study.model_validate(replaced_paths(json.loads(study.model_dump_json()), paths))
    assert str(again.data.root) == f"{at}/imgs"


def test_paths_move_with_their_folder(tmp_path: Path) -> None:
    here = tmp_path / "new" / "runs" / "a"
    (here / "checkpoints").mkdir(parents=True)
    (tmp_path / "new" / "imgs").mkdir()
    for path, now in {
        "/old/runs/a/checkpoints": here / "checkpoints",
        "/old/runs/a/checkpoints/e-{epoch}.pt": here / "checkpoints" / "e-{epoch}.pt",
        "/old/imgs": tmp_path / "new" / "imgs",
        "/old/gone": Path("/old/gone"),
        "relative": Path("relative"),
    }.items():
        assert moved_path(path, "/old/runs/a", here) == str(now)
    assert moved_path("imgs", "runs/a", here) == str(tmp_path / "new" / "imgs")


def test_the_folder_of_a_network_below_another_is_kept_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    features = {"network": {"channels": [4], "checkpoints": "ck"}, "layer": "conv1", "epoch": 1}
    network = {"kind": "threshold-head", "features": features}
    study = Study.model_validate({**tiny(Path("runs/a")), "network": network})

    paths = json.loads(absolute_paths(study))

    assert paths["network"] == {"features": {"network": {"checkpoints": f"{tmp_path}/ck"}}}
    again = Study.model_validate(replaced_paths(json.loads(study.model_dump_json()), paths))
    assert again.network.paths["network.features.network.checkpoints"] == tmp_path / "ck"
    assert again.network.features.layer == "conv1"  # type: ignore[attr-defined]
