"""The replay of an atlas without searches, of a network whose responses are large."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import zarr
from torch import Tensor, nn

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas.origin import run_of_atlas
from spikeatlas.tasks.inspect.verify import verify
from tests.tiny import built, tiny


class Loud(nn.Module):
    """An ANN whose scores are in the hundreds."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.fc1, self.act, self.fc2 = nn.Linear(36, 12), nn.ReLU(), nn.Linear(12, 10)

    def forward(self, images: Tensor) -> Tensor:
        scores: Tensor = 1000 * self.fc2(self.act(self.fc1(images.flatten(1))))
        return scores


def loud() -> nn.Module:
    return Loud()


@pytest.fixture(scope="module")
def atlas(shared: Path) -> Checked:
    study = partial(
        tiny,
        data={"dataset": "saccades", "of": "digits", "frames": 3, "limit": 120},
        network={"kind": "module", "factory": f"{__name__}:loud", "normalise": "none",
                 "time_steps": 3, "input": "steps", "classes": "logit"},
        search={"methods": []},
        probe={"epochs": "all", "layers": "all"},
        analysis={"images": 40},
    )  # fmt: skip
    return built(shared / "loud", study)


def responses(checked: Checked, layer: str) -> Any:
    path = f"natural_image/{layer}/natural_image_response"
    return zarr.open_group(checked.run.atlas, mode="r+")[path]


@pytest.mark.parametrize(("share", "sound"), [(2e-7, True), (1e-4, False)])
def test_responses_are_held_to_the_size_that_they_have(
    atlas: Checked, share: float, sound: bool
) -> None:
    stored = responses(atlas, "classes")
    before = np.asarray(stored[...])
    assert np.abs(before).max() > 100
    # as on a machine that adds in another order: wrong by a share of the largest terms
    stored[...] = before + np.float32(share) * np.abs(before).max(axis=1, keepdims=True)
    try:
        verdict = verify(run_of_atlas(atlas.run.atlas))
    finally:
        stored[...] = before
    assert verdict.checked > 0
    assert verdict.sound == sound, verdict.problems
