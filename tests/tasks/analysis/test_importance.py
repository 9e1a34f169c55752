"""Agreement of measures of importance, against scipy's rank correlation on the atlas's own numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy
import zarr
from typer.testing import CliRunner

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.flows.cli import app
from spikeatlas.tasks.analysis.importance import FEWEST, agreements
from spikeatlas.tasks.analysis.intervals import over_seeds
from spikeatlas.tasks.atlas import Tree, open_tree
from spikeatlas.tasks.inspect.neurons import Selection
from spikeatlas.tasks.inspect.trends import read_trend
from tests.tiny import atlas_folder

PLACES = {
    "ablation": ("importance/ablation", "loss_increase"),
    "selectivity": ("selectivity", "class_selectivity_index"),
}

ALL = Selection(None, None, None, None, None)


def column(tree: Tree, group: str, name: str, layer: str, epoch: float) -> np.ndarray:
    table = tree[group].sel(epoch=epoch)
    return table[name].values[table.layer.values == layer].astype(float)


def test_one_atlas_s_ranks_are_scipy_s(compared: Checked) -> None:
    with open_tree(compared.run.atlas) as tree:
        rows = list(agreements([tree]))

        assert {row.epoch for row in rows} == {0, 2}
        assert [(row.measure, row.against) for row in rows[:7]] == [
            ("ablation", "selectivity"),
            *((m, a) for m in ("magnitude", "naa", "rate") for a in ("ablation", "selectivity")),
        ]
        defined = [row for row in rows if row.networks]
        assert defined
        for row in defined:
            one, other = (
                column(tree, *PLACES.get(name, ("importance", name)), row.layer, row.epoch)
                for name in (row.measure, row.against)
            )
            there = ~np.isnan(one) & ~np.isnan(other)
            assert there.sum() >= FEWEST
            expected = scipy.stats.spearmanr(one[there], other[there]).statistic
            assert row.rho == pytest.approx(expected)
            assert row.low < row.rho < row.high or abs(row.rho) == pytest.approx(1)


def another(checked: Checked, seed: int) -> Path:
    """The atlas of a copy, as if trained from another seed, its attributions the other way round."""
    root: Any = zarr.open_group(checked.run.atlas, mode="r+")
    for group in ("importance", "importance/ablation", "importance/classes"):
        root[group]["network"][...] = seed
    root["importance/naa"][:] = -root["importance/naa"][:]
    return atlas_folder(checked)


def test_several_atlases_are_averaged_over_seeds(compared: Checked, compared_copy: Checked) -> None:
    place = another(compared_copy, 1)

    joined = read_trend(compared.run.atlas, "agreement", ALL, [place])

    alone = [read_trend(path, "agreement", ALL) for path in (compared.run.atlas, place)]
    both = np.stack([frame["rho"] for frame in alone], axis=1)
    scale = np.clip(both, -1 + 1e-9, 1 - 1e-9)
    expected = [list(np.tanh(over_seeds(np.arctanh(pair)))) for pair in scale]
    np.testing.assert_allclose(joined[["rho", "low", "high"]].to_numpy(float), expected)
    turned = (
        (joined["measure"] == "naa") & (joined["against"] == "ablation") & (joined.networks == 2)
    )
    assert turned.any()
    assert np.allclose(joined["rho"][turned], 0)


def test_what_cannot_be_joined_is_a_sentence(compared: Checked, compared_copy: Checked) -> None:
    place = compared.run.atlas
    with pytest.raises(ValueError, match="of training seeds 0, 0: name each network once"):
        read_trend(place, "agreement", ALL, [compared_copy.run.atlas])
    with pytest.raises(
        ValueError,
        match="--about onset tells of one atlas; several are joined by --about agreement",
    ):
        read_trend(place, "onset", ALL, [place])
    root: Any = zarr.open_group(compared_copy.run.atlas, mode="r+")
    del root["importance/rate"]
    with pytest.raises(ValueError, match="measures magnitude, naa: name those of one study"):
        read_trend(place, "agreement", ALL, [compared_copy.run.atlas])
    del root["importance/ablation"]
    with pytest.raises(ValueError, match=r"no /importance/ablation: .*analysis\.ablation"):
        read_trend(compared_copy.run.atlas, "agreement", ALL)


def test_the_command_joins_atlases(compared: Checked, compared_copy: Checked) -> None:
    places = [str(atlas_folder(compared)), str(another(compared_copy, 5))]

    answer = CliRunner().invoke(app, ["query", *places, "--about", "agreement", "--layer", "fc1"])

    assert answer.exit_code == 0, answer.output
    assert "rho" in answer.output
    assert "conv2" not in answer.output
    refusal = CliRunner().invoke(app, ["query", *places])
    assert refusal.exit_code != 0
