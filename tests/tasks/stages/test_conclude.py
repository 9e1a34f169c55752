from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import TRAINING_VARIABLES
from spikeatlas.tasks.inspect.text import as_text
from spikeatlas.tasks.stages.conclude import conclude, report_claims
from spikeatlas.tasks.study.run_files import CLAIMS_FILE
from tests.tiny import atlas_folder


def test_an_atlas_gets_a_table_and_its_claims(compared_copy: Checked) -> None:
    atlas = compared_copy.run.atlas
    found = conclude(atlas)
    table = xr.open_zarr(atlas, group="training", consolidated=False)
    assert set(table.data_vars) == set(TRAINING_VARIABLES)
    assert table.sizes == {"neuron": 14}
    selectivity = xr.open_zarr(atlas, group="selectivity", consolidated=False)
    assert table.layer.values.tolist() == selectivity.layer.values.tolist()
    assert table["neuron_index"].values.tolist() == selectivity["neuron_index"].values.tolist()
    assert table["neuron"].values.tolist() == selectivity["neuron"].values.tolist()
    assert table["network"].item() == 0
    assert all(table[name].attrs["long_name"] for name in TRAINING_VARIABLES)
    saved = json.loads((atlas.parent / CLAIMS_FILE).read_text())
    assert [claim["answer"] for claim in saved] == [claim.answer for claim in found]
    # three epochs, random stimuli, 14 neurons: nothing can be said, and why is
    assert {claim.answer for claim in found} == {"undecided"}
    assert all(claim.reasons for claim in found)


def test_concluding_again_changes_nothing(compared_copy: Checked) -> None:
    atlas = compared_copy.run.atlas
    first, before = (
        conclude(atlas),
        xr.open_zarr(atlas, group="training", consolidated=False).load(),
    )
    again, after = conclude(atlas), xr.open_zarr(atlas, group="training", consolidated=False).load()
    xr.testing.assert_identical(before, after)
    assert [claim.as_json() for claim in first] == [claim.as_json() for claim in again]


def test_an_older_atlas_is_left_alone(compared_copy: Checked) -> None:
    root = zarr.open_group(compared_copy.run.atlas, mode="r+")
    del root["natural_image"]
    (atlas_folder(compared_copy).parent / CLAIMS_FILE).unlink()
    assert conclude(compared_copy.run.atlas) == []
    assert not (atlas_folder(compared_copy).parent / CLAIMS_FILE).exists()
    with pytest.raises(ValueError, match="run its study with another output"):
        report_claims([compared_copy.run.atlas])


def test_the_tables_say_what_the_claims_rest_on(compared_copy: Checked) -> None:
    parts = report_claims([compared_copy.run.atlas])
    text = "\n".join(part if isinstance(part, str) else as_text(part) for part in parts)
    for told in ("undecided", "Selectivity for test images", "Over training", "Class read in cold MEIs",
                 "Importance by ablation", "Drift of cold MEIs"):  # fmt: skip
        assert told in text
    assert " nan" not in text


def test_networks_of_one_seed_are_no_replication(compared_copy: Checked, compared: Checked) -> None:
    with pytest.raises(ValueError, match="same seed 0"):
        report_claims([compared_copy.run.atlas, compared.run.atlas])


def test_other_layers_are_refused(compared_copy: Checked, made: Checked, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="claims take networks of one study"):
        report_claims([compared_copy.run.atlas, made.run.atlas])


def test_half_an_atlas_says_on_how_much(compared_copy: Checked) -> None:
    root = zarr.open_group(compared_copy.run.atlas, mode="r+")
    analysed: Any = root["progress/analysed"]
    status: Any = root["layers/fc1/status"]
    analysed[2], status[1] = np.uint8(0), np.uint8(0)
    found = conclude(compared_copy.run.atlas)
    table = xr.open_zarr(compared_copy.run.atlas, group="training", consolidated=False)
    assert table.sizes["neuron"] == 14
    assert {claim.answer for claim in found} == {"undecided"}
