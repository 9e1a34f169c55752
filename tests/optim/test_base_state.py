"""The contract about the state: saved and loaded, nothing changes."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch

from spikeatlas.optim import Maximizer, make_maximizer
from tests.optim.cases import SPACES, Case, every_case, finished, joined, planted, run, same


def stored(search: Maximizer) -> dict[str, Any]:
    """Send the state through a file that executes no code."""
    file = io.BytesIO()
    torch.save(search.state_dict(), file)
    file.seek(0)
    state: dict[str, Any] = torch.load(file, weights_only=True)
    return state


def resumed(case: Case, search: Maximizer) -> Maximizer:
    """Carry on in a new object, from a stored state."""
    state = stored(search)
    fresh = case.make()
    fresh.load_state_dict(state)
    return fresh


@every_case
@pytest.mark.parametrize("moment", ["before ask", "after ask", "after half a tell"])
def test_saving_and_loading_changes_nothing(case: Case, moment: str) -> None:
    respond = planted(SPACES[case.space])
    straight, log = finished(case)
    expected, _ = joined(log)
    search, points = case.make(), []
    while not search.done:
        if moment == "before ask":
            search = resumed(case, search)
        batch = search.ask()
        points.append(batch.points)
        if moment == "after half a tell":
            half = batch.take(slice(len(batch) // 2))
            search.tell(half, respond(half.points))
        if moment != "before ask":
            search = resumed(case, search)
            batch = search.pending  # what a killed run lost
        search.tell(batch, respond(batch.points))
    assert np.array_equal(np.concatenate(points), expected.points)
    assert same(search.result(), straight.result())


@every_case
def test_a_state_is_a_snapshot(case: Case) -> None:
    respond = planted(SPACES[case.space])
    search = case.make()
    batch = search.ask()
    search.tell(batch, respond(batch.points))
    state = search.state_dict()
    run(search, respond)
    for _ in range(2):  # neither the saved nor a loaded search writes into it
        again = case.make()
        again.load_state_dict(state)
        run(again, respond)
        assert same(again.result(), search.result())


def test_a_state_of_another_search_is_refused() -> None:
    one = make_maximizer("tt", SPACES["codes"], seeds=[1], budget=20)
    other = make_maximizer("tt", SPACES["codes"], seeds=[2], budget=30, rank=2)
    with pytest.raises(ValueError, match="options, seeds, budget differ"):
        other.load_state_dict(one.state_dict())
