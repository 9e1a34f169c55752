"""Tiny atlases with all that a search can be asked for beside its MEI."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import consolidate
from tests.tiny import SNGAN, built, tiny


@pytest.fixture(scope="session")
def varied(shared: Path) -> Checked:
    """A finished study with a natural screening, a warm start and diverse stimuli: read only."""
    study = partial(
        tiny,
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
    return built(shared / "varied", study)


@pytest.fixture(scope="session")
def gaussian(shared: Path) -> Checked:
    """A finished study of a GAN, searched on its prior's shell and judged by a classifier: read only."""
    study = partial(
        tiny,
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
    return built(shared / "gaussian", study)


@pytest.fixture(scope="session")
def sequences(shared: Path) -> Checked:
    """A finished study of sequences, which searches nothing: read only, but for what a test puts back."""
    study = partial(
        tiny,
        # the layers answer: what is silent has no pictures
        network={"threshold": 0.3},
        data={"dataset": "saccades", "frames": 3, "limit": 120},
        search={"methods": []},
        analysis={"images": 40, "ablation": [2], "ablation_images": 40, "position": "centre"},
    )
    checked = built(shared / "sequences", study)
    consolidate(checked.run.atlas)
    return checked


@pytest.fixture(scope="session")
def loud(shared: Path) -> Checked:
    """A finished study of an ANN shown sequences, whose scores are in the hundreds: read only, but for what a test puts back."""
    study = partial(
        tiny,
        data={"dataset": "saccades", "of": "digits", "frames": 3, "limit": 120},
        network={"kind": "module", "factory": "tests.networks.loud:loud", "normalise": "none",
                 "time_steps": 3, "input": "steps", "classes": "logit"},
        search={"methods": []},
        probe={"epochs": "all", "layers": "all"},
        analysis={"images": 40},
    )  # fmt: skip
    return built(shared / "loud", study)
