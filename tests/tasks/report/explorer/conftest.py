from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.report import write_report
from spikeatlas.tasks.stages.conclude import conclude
from tests.sharing import once


@pytest.fixture(scope="session")
def explored(compared: Checked, shared: Path) -> Path:
    """The page of the comparing study, in which conv2's neuron 4 switched: read only."""
    folder = shared / "explored" / "run"
    with once(shared / "explored") as first:
        if first:
            shutil.copytree(compared.study.output, folder)
            atlas = folder / "atlas.zarr"
            conclude(atlas)
            plant_switch(atlas, 4)
            write_report(atlas, folder / "report")
    return folder / "report" / "explore.html"


def plant_switch(atlas: Path, neuron: int, support: float = np.nan) -> None:
    """Let an atlas say that a neuron of its first layer switched, its MEIs too with p ``support``."""
    root = zarr.open_group(atlas / "training", mode="r+")
    values = {
        "switched": 1,
        "switch_from": 3,
        "switch_to": 5,
        "switch_start": 1.0,
        "switch_epoch": 2.0,
        "switch_end": 2.0,
        "switch_q": 0.01,
        "mei_support_p": support,
    }
    for name, value in values.items():
        array: Any = root[name]
        array[neuron] = value
