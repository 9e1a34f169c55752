"""Blank images: what they are, and that each epoch's answers to them are stored."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import BLANKED, BLANKS, flagged, open_tree
from spikeatlas.tasks.stages.blank import blank_images
from spikeatlas.tasks.workers import models


def test_three_are_flat_and_one_is_the_mean() -> None:
    images = np.random.default_rng(0).integers(0, 256, (9, 3, 4, 5)).astype(np.uint8)

    found = dict(zip(BLANKS, blank_images(images), strict=True))

    for name, level in (("black", 0), ("grey", 128), ("white", 255)):
        assert (found[name] == level).all(), name
        assert found[name].shape == (3, 4, 5)
    assert np.abs(found["mean"] - images.mean(axis=0)).max() <= 0.5
    assert {image.dtype for image in found.values()} == {np.dtype(np.uint8)}


@pytest.mark.parametrize("epoch", [0, 2])
def test_the_atlas_holds_the_answers_by_name(made: Checked, epoch: float) -> None:
    run = made.run
    assert flagged(run.atlas, BLANKED, epoch)
    respond = models.responder(run, epoch, "observe", run.layers)
    black = np.zeros((1, 1, 8, 8), np.uint8)
    for name, image in (("black", black), ("white", black + np.uint8(255))):
        wanted = respond(image)
        for layer in run.layers:
            held = open_tree(run.atlas)[f"blank/{layer}"].blank_response.sel(epoch=epoch)
            np.testing.assert_array_equal(held.sel(blank=name).values, wanted[layer][0])
