"""``/desire``: filled at every probed epoch of a study that is trained by desire, and in no other atlas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.training import TRAINING_METHODS, desire_shares, load_network
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.inspect.replay.verify import verify
from spikeatlas.tasks.stages.observe import wishes
from tests.tiny import build, tiny

NETWORK = {
    "channels": [],
    "hidden": [24, 12],
    "neuron": "desire-if",
    "time_steps": 12,
    "coding": "integrate-and-fire",
    "bias": False,
}


def study(folder: Path, **training: Any) -> dict[str, Any]:
    return tiny(
        folder,
        network=NETWORK,
        training={"method": "desire", "lr": 1e-3, **training},
        probe={"epochs": [0, 1, 2], "layers": ["fc1", "out"], "neurons": 8},
        search={"methods": ["random"], "repeats": 1},
        analysis={"images": 60},
    )


def test_the_atlas_holds_the_wishes_of_every_epoch(tmp_path: Path) -> None:
    checked = build(study(tmp_path, labels="shuffled"))
    with open_tree(checked.run.atlas) as tree:
        table = tree["desire"].load()

    assert table.desire_more.dims == ("epoch", "neuron")
    assert table.epoch.values.tolist() == [0, 1, 2]
    assert table.layer.values.tolist() == ["fc1"] * 8 + ["out"] * 8
    for name in ("desire_more", "desire_less", "desire_vain"):
        assert np.isfinite(table[name]).all()
        assert (table[name] > 0).any()
    assert ((table.desire_more + table.desire_less) <= 1 + 1e-6).all()
    assert len({tuple(row) for row in table.desire_more.values.tolist()}) == 3
    np.testing.assert_array_equal(table.desire_more[2], expected_more(checked, 2))
    assert verify(checked.run).problems == []


def expected_more(checked: Checked, epoch: int) -> np.ndarray[Any, Any]:
    """Wishes of the test images' own labels, whatever was taught."""
    path = checked.run.checkpoints / f"epoch-{epoch}.safetensors"
    network = load_network(path, checked.run.network.architecture, (1, 8, 8), 10)
    assert isinstance(network, SpikingNetwork)
    rule = TRAINING_METHODS.read("desire").rule(12)  # type: ignore[attr-defined]
    test = checked.data.test
    shares = desire_shares(network, rule, test.images, test.labels)
    rows = [shares[layer].more[list(rows)] for layer, rows in checked.run.layers.items()]
    return np.concatenate(rows).astype(np.float32)


def test_an_atlas_of_another_method_has_none(made: Checked) -> None:
    with open_tree(made.run.atlas) as tree:
        assert "desire" not in tree
    assert wishes(made.run, 0) == {}


def test_a_network_that_comes_trained_has_none(tmp_path: Path) -> None:
    checked = build(
        study(tmp_path / "first", epochs=1) | {"probe": {"epochs": [1], "layers": ["out"]}}
    )
    again = study(tmp_path / "again")
    again["network"] = {**NETWORK, "checkpoints": str(checked.run.checkpoints)}
    again["probe"] = {"epochs": [1], "layers": ["out"]}
    with open_tree(build(again).run.atlas) as tree:
        assert "desire" not in tree
