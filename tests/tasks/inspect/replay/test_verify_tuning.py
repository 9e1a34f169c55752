"""The replay of an atlas without searches, of a network whose responses are large."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import zarr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas.origin import run_of_atlas
from spikeatlas.tasks.inspect.replay.verify import verify


def responses(checked: Checked, layer: str) -> Any:
    path = f"natural_image/{layer}/natural_image_response"
    return zarr.open_group(checked.run.atlas, mode="r+")[path]


@pytest.mark.parametrize(("share", "sound"), [(2e-7, True), (1e-4, False)])
def test_responses_are_held_to_the_size_that_they_have(
    loud: Checked, share: float, sound: bool
) -> None:
    stored = responses(loud, "classes")
    before = np.asarray(stored[...])
    assert np.abs(before).max() > 100
    # as on a machine that adds in another order: wrong by a share of the largest terms
    stored[...] = before + np.float32(share) * np.abs(before).max(axis=1, keepdims=True)
    try:
        verdict = verify(run_of_atlas(loud.run.atlas))
    finally:
        stored[...] = before
    assert verdict.checked > 0
    assert verdict.sound == sound, verdict.problems
