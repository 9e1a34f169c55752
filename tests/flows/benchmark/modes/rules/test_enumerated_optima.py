"""The optima of a grid are counted by enumerating it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from spikeatlas.flows.benchmark.modes.rules.enumerated_optima import (
    all_points,
    count_optima,
    reached,
)
from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.workers import models
from tests.test_actor_study import study
from tests.tiny import atlas_folder, built

pytest.importorskip("gymnasium", reason="actors act in Gymnasium's environments (extra actor)")


@pytest.fixture(scope="module")
def finished(shared: Path) -> Checked:
    return built(shared / "actor", study)


def test_every_point_of_a_grid() -> None:
    assert all_points(2, 3).tolist() == [
        [0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1], [1, 0, 0], [1, 0, 1], [1, 1, 0], [1, 1, 1],
    ]  # fmt: skip
    with pytest.raises(ValueError, match=r"the grid has 256\^3 points"):
        all_points(256, 3)


def test_searches_are_held_against_the_largest_response(finished: Checked) -> None:
    run = finished.run
    images = models.generator(run).decode(all_points(8, 3))
    with open_tree(run.atlas) as tree:
        outcomes = reached(run, tree, 120, images)
        rows = tree["layers/fc2"].response.sel(epoch=120).transpose("neuron", ...).values
        # of an image alone, nobody reaches what the whole grid gives
        (few,) = [reached(run, tree, 120, images[:1])["fc2", 1]]
    respond = models.responder(run, 120, "report", run.layers)
    largest = respond(images)["fc2"].max(0)
    active = largest > 0
    expected = (rows.reshape(len(largest), -1) == largest[:, None])[active].sum()
    assert outcomes["fc2", 1].neurons == active.sum() > 0
    assert outcomes["fc2", 1].hits == expected > 0
    assert outcomes["fc2", 1].searches == 2 * active.sum()
    assert 0 < outcomes["fc2", 1].share <= 1
    assert few.neurons <= outcomes["fc2", 1].neurons
    assert np.isfinite(few.share)


GRID = np.array([[0, 0, -2], [1, 0, -2], [4, 0, -1], [4, 0, -3]], float)
"""Responses of three neurons to a grid of four points; the second is silent."""
FINDINGS = {1: [[4, 0, -1], [1, 0, -1]], -1: [[0, 0, -2], [0, 0, -3]]}
"""The best responses of two searches of each sign."""


@pytest.mark.parametrize("signs", [(1,), (-1,), (1, -1)])
def test_each_search_is_held_against_its_own_end(
    monkeypatch: pytest.MonkeyPatch, signs: tuple[int, ...]
) -> None:
    rows = np.array([row for sign in signs for row in FINDINGS[sign]])
    labels = [sign for sign in signs for _ in range(2)]
    group = xr.Dataset(
        {"response": (("epoch", "search", "repeat", "neuron"), rows[None, :, None])},
        {"epoch": [0], "search_sign": ("search", labels)},
    )
    run: Any = SimpleNamespace(layers=("fc1",), search=SimpleNamespace(signs=signs))
    monkeypatch.setattr(models, "responder", lambda *_: lambda _images: {"fc1": GRID})
    tree: Any = {"layers/fc1": group}

    outcomes = reached(run, tree, 0, np.zeros((4, 1, 1, 3), np.uint8))

    assert set(outcomes) == {("fc1", sign) for sign in signs}
    assert {outcome[:3] for outcome in outcomes.values()} == {(2, 4, 3)}
    for sign, share in ((1, 3 / 8), (-1, 1 / 4)):
        if sign in signs:
            assert outcomes["fc1", sign].share == share


def test_the_command_prints_a_row_a_layer_and_the_bar(finished: Checked) -> None:
    table, verdict = count_optima(atlas_folder(finished))
    assert len(table.splitlines()) >= 4
    assert "60 stimuli a neuron, reached the optimum of 512 points; the bar is 90%" in verdict


def test_pictures_are_not_enumerated(made: Checked) -> None:
    with pytest.raises(
        ValueError, match=r"is of generator\.kind vqvae, whose stimuli cannot be enumerated"
    ):
        list(count_optima(atlas_folder(made)))
