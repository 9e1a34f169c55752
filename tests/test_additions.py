"""A user's own members of every family, in one study, without a change of the program."""

from __future__ import annotations

import hashlib
import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.tasks.atlas import integrity, open_tree
from spikeatlas.tasks.atlas.origin import run_of_atlas
from spikeatlas.tasks.inspect.replay.verify import verify
from spikeatlas.tasks.study.study import StudyError
from tests.optim import drift
from tests.snn import brought, own_layers
from tests.tiny import atlas_folder, build

OWN = {
    "data": "tests.snn.brought:Stripes",
    "neuron": "tests.snn.own_layers:Adaptive",
    "norm": "tests.snn.own_layers:Channels",
    "method": "tests.snn.brought:SignDescent",
    "objective": "tests.snn.brought:Quiet",
    "callback": "tests.snn.brought:Counter",
    "generator": "tests.snn.brought:Grey",
    "measure": "tests.snn.brought:Loudness",
    "importance": "tests.snn.brought:Weight",
    "search": "tests.optim.drift:Drift",
}


def study(folder: Path, **changes: Any) -> dict[str, Any]:
    return {
        "data": {"dataset": OWN["data"], "count": 60},
        "network": {
            "channels": [4],
            "hidden": [6],
            "time_steps": 6,
            "neuron": {"kind": OWN["neuron"]},
            "norm": ["none", OWN["norm"], "none"],
        },
        "training": {
            "epochs": 1,
            "method": {"kind": OWN["method"], "size": 2e-3},
            "objectives": ["cross-entropy", {"kind": OWN["objective"], "weight": 0.2}],
            "callbacks": [OWN["callback"]],
        },
        "generator": {"kind": OWN["generator"], "epochs": 2},
        "probe": {"epochs": [0, 1], "layers": ["conv1", "fc1"]},
        "search": {
            "methods": ["random", {"kind": OWN["search"], "part": 1.0}],
            "budget": 20,
            "screening_images": 10,
        },
        "analysis": {
            "images": 40,
            "ablation": [1],
            "ablation_images": 20,
            "measures": [{"kind": OWN["measure"], "scale": 2}],
            "importance": [OWN["importance"]],
        },
        "responder": {"batch_size": 32},
        "output": str(folder),
        **changes,
    }


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """The finished study of a user who brought everything."""
    return build(study(tmp_path_factory.mktemp("grown") / "run"))


def test_the_study_runs_with_all_of_them(grown: Checked) -> None:
    tree = open_tree(grown.run.atlas)

    assert tree["layers/conv1"]["search"].values.tolist() == ["random", OWN["search"]]
    assert (tree["layers/fc1"].status.values > 0).all()
    expected = 2 * tree["natural_image/conv1"].natural_image_response.mean("image")
    loudness = tree["selectivity"].loudness
    assert loudness.attrs["long_name"] == brought.Loudness.long_name
    conv1 = loudness.isel(neuron=loudness.layer.values == "conv1")
    defined = ~np.isnan(conv1.values)
    assert defined.any()
    assert np.allclose(conv1.values[defined], expected.values[defined])
    weight = tree["importance"].weight.sel(epoch=1)
    assert (weight.values > 0).all()
    assert brought.LOOKED


def test_they_are_named_with_the_digest_of_their_source(grown: Checked) -> None:
    attributes = zarr.open_group(atlas_folder(grown), mode="r")["provenance"].attrs
    sources: Any = json.loads(str(attributes["sources"]))

    assert sorted(sources) == sorted(OWN.values())
    modules = {
        "tests.snn.brought": brought,
        "tests.snn.own_layers": own_layers,
        "tests.optim.drift": drift,
    }
    for name, digest in sources.items():
        source = inspect.getsource(modules[name.partition(":")[0]]).encode()
        assert digest == hashlib.sha256(source).hexdigest()


def test_what_they_made_is_whole_and_replayed(grown: Checked) -> None:
    assert integrity.metadata_damage(grown.run.atlas) == []
    verdict = verify(run_of_atlas(grown.run.atlas))
    assert verdict.problems == []
    assert verdict.checked


def test_a_confined_host_refuses_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPIKEATLAS_ROOTS", str(tmp_path))

    with pytest.raises(StudyError) as refusal:
        check(study(tmp_path / "run"))

    for name in OWN.values():
        assert f"{name} is code of your own, which this host does not run" in str(refusal.value)


def test_a_method_that_cannot_train_the_network_is_told(tmp_path: Path) -> None:
    raw = study(tmp_path / "run")
    raw["network"]["coding"] = "poisson"

    with pytest.raises(StudyError, match="SignDescent does not train on poisson; choose current"):
        check(raw)
