from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spikeatlas.snn.subjects import SUBJECTS, LayerFeatures
from tests.snn.networks.heads.heads import CHAIN, digits, head_spec, trained_chain


def features(network: dict[str, Any], **fields: Any) -> LayerFeatures:
    return LayerFeatures(**{"network": network, "layer": "conv1", "epoch": 1, **fields})


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        ({"kind": "callable", "factory": "numpy:zeros", "layers": {"a": 1}}, "kind callable has none"),
        ({"kind": "threshold-head", "checkpoints": "runs"}, "kind threshold-head has none"),
        (CHAIN, "name the folder of its run's checkpoints"),
        ({"channel": [3], "checkpoints": "runs"}, "did you mean channels"),
    ],
    ids=["no layers", "no layers of spikes", "no checkpoints", "field"],
)  # fmt: skip
def test_features_that_are_none_are_told(network: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        SUBJECTS.read({"kind": "threshold-head", "features": {"network": network, "layer": "conv1", "epoch": 1}})  # fmt: skip


def test_a_file_that_does_not_fit_its_fields_is_told(tmp_path: Path) -> None:
    data = digits()
    chain = trained_chain(tmp_path / "chain", data)
    head_spec(features=features(chain)).source(data, tmp_path)
    other = features({**chain, "hidden": [7]})
    with pytest.raises(ValueError, match=r"network\.features: .*does not fit.*stages\.1\.operator\.weight"):  # fmt: skip
        head_spec(features=other).source(data, tmp_path)


def test_a_source_rests_on_the_file_of_its_features(tmp_path: Path) -> None:
    data = digits()
    chain = trained_chain(tmp_path / "chain", data)
    untrained, trained = (
        head_spec(features=features(chain, epoch=epoch)).source(data, tmp_path) for epoch in (0, 1)
    )
    assert len(trained.network_digest) == 64
    assert trained.network_digest != untrained.network_digest
    assert list(trained.network_parts.values()) == [trained.network_digest]
    assert head_spec().source(data, tmp_path).network_digest == ""


def test_its_paths_are_those_a_host_may_confine() -> None:
    assert head_spec().paths == {}
    spec = head_spec(features=features({**CHAIN, "checkpoints": "runs/a"}), checkpoints="runs/b")
    assert spec.paths == {
        "network.checkpoints": Path("runs/b"),
        "network.features.network.checkpoints": Path("runs/a"),
    }
