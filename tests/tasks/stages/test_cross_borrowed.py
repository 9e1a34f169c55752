"""The best answer of each neuron to the MEIs of the others: by a plain loop over all of them."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import SEARCH, has_mei, open_tree
from spikeatlas.tasks.stages.cross import best_borrowed
from spikeatlas.tasks.workers import models

FIELDS = ("borrowed_response", "borrowed_neuron", "borrowed_search", "borrowed_repeat")


@pytest.mark.parametrize("which", ["compared", "made", "varied"])
def test_it_is_the_best_of_a_plain_loop(which: str, request: pytest.FixtureRequest) -> None:
    checked: Checked = request.getfixturevalue(which)
    run, tree, counted = checked.run, open_tree(checked.run.atlas), 0
    for layer, neurons in run.layers.items():
        group = tree.layer(layer, "layers", "image")
        name = "cold_mei" if run.search.warm_start else "mei"
        held = tree[f"borrowed/{layer}"]
        for epoch in run.epochs:
            respond = models.responder(run, epoch, "report", {layer: neurons})
            for other in run.epochs:
                searches = group.sel(epoch=other).transpose(*SEARCH, ...).load()
                there = np.argwhere(has_mei(searches).values)
                answers = [
                    respond(searches[name].values[n, s, r][None])[layer][0] for n, s, r in there
                ]
                found = held.sel(epoch=epoch, stimulus_epoch=other)
                for row in range(len(neurons)):
                    wanted: tuple[float, int, str, int] = (np.nan, -1, "", -1)
                    for (n, s, r), answer in zip(there, answers, strict=True):
                        if n != row and not answer[row] <= wanted[0]:
                            wanted = (answer[row], neurons[n], str(searches["search"].values[s]), r)
                    told = tuple(found[field].values[row] for field in FIELDS)
                    np.testing.assert_equal(told, wanted)
                    counted += wanted[1] >= 0
    assert counted


def searches(count: int) -> xr.Dataset:
    return xr.Dataset(coords={"neuron": np.arange(count) + 10, "search": ["tt", "random"]})


def test_the_lowest_where_that_is_sought_and_the_first_among_equals() -> None:
    # images of neurons 0, 1, 1 and 2
    rows = (np.array([0, 1, 1, 2]), np.array([0, 0, 1, 1]), np.array([0, 1, 0, 2]))
    answers = np.array([[0, 3, 2], [5, 0, 2], [4, 0, 8], [4, 3, 0]], np.float32)
    answers[np.arange(4), rows[0]] = np.nan

    found = best_borrowed(answers, rows, searches(3), -1)

    assert found["borrowed_response"].tolist() == [4, 3, 2]
    assert found["borrowed_neuron"].tolist() == [11, 10, 10]
    assert found["borrowed_search"].tolist() == ["random", "tt", "tt"]
    assert found["borrowed_repeat"].tolist() == [0, 0, 0]
    most = best_borrowed(answers, rows, searches(3), 1)
    assert most["borrowed_response"].tolist() == [5, 3, 8]
    assert most["borrowed_neuron"].tolist() == [11, 10, 11]


def test_where_no_other_has_an_image_there_is_none() -> None:
    nothing = tuple(np.empty(0, np.intp) for _ in SEARCH)
    for answers, rows in (
        (np.empty((0, 2), np.float32), nothing),
        (np.array([[np.nan, np.nan]], np.float32), tuple(np.zeros(1, np.intp) for _ in SEARCH)),
    ):
        found = best_borrowed(answers, rows, searches(2), 1)
        assert np.isnan(found["borrowed_response"]).all()
        assert found["borrowed_neuron"].tolist() == [-1, -1]
        assert found["borrowed_search"].tolist() == ["", ""]
        assert found["borrowed_repeat"].tolist() == [-1, -1]
