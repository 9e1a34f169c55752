"""One tiny atlas with all that a search can be asked for beside its MEI."""

from __future__ import annotations

import pytest

from spikeatlas.flows.checks.study_checks import Checked
from tests.tiny import SNGAN, build, tiny


@pytest.fixture(scope="session")
def varied(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """A finished study with a natural screening, a warm start and diverse stimuli: read only."""
    raw = tiny(
        tmp_path_factory.mktemp("varied") / "run",
        generator={"codes": 32},
        probe={"epochs": [0, 1, 2], "layers": ["conv2"]},
        search={
            "methods": ["screened"],
            "budget": 60,
            "screening": "both",
            "warm_start": True,
            "diverse": 3,
        },
    )
    return build(raw)


@pytest.fixture(scope="session")
def gaussian(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """A finished study of a GAN, searched on its prior's shell and judged by a classifier: read only."""
    raw = tiny(
        tmp_path_factory.mktemp("gaussian") / "run",
        generator=SNGAN,
        classifier={"width": 2, "epochs": 2},
        search={
            "methods": ["screened", "random"],
            "budget": 60,
            "repeats": 1,
            "grid": "continuous",
            "shell": "sphere",
        },
    )
    return build(raw)
