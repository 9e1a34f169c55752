"""Searches that see currents: no order of responses changes, and what is stored is the response."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.inspect.replay.verify import verify
from spikeatlas.tasks.search.block_probe import BlockProbe
from spikeatlas.tasks.search.loop import Searches, run_search
from spikeatlas.tasks.search.margin import Margin
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.run import Run
from tests.tiny import built, tiny

BLOCK = Block(2, "fc1", 0, 8)


@pytest.fixture
def run(made: Checked) -> Run:
    return made.run.with_fields(search=replace(made.run.search, response="margin"))


@pytest.mark.parametrize("quantum", [1 / 6, 1 / (16 * 784)])
def test_values_keep_the_order_of_responses_and_are_rounded_to_them(quantum: float) -> None:
    rng = np.random.default_rng(0)
    responses = np.asarray(rng.integers(0, round(1 / quantum) + 1, (500, 4)) * quantum, np.float32)
    drive = np.asarray(rng.normal(0, 20, (500, 4)), np.float32)
    margin = Margin(lambda _: drive, np.full(4, quantum))

    values = margin.lift(responses, drive)

    np.testing.assert_allclose(margin.lower(values.T).T, responses, atol=1e-6)
    higher = responses[:-1] > responses[1:]
    assert (values[:-1] > values[1:])[higher].all()
    alike = (responses[:-1] == responses[1:]) & (abs(drive[:-1] - drive[1:]) > 1) & (abs(drive[:-1]) < 5)  # fmt: skip
    np.testing.assert_array_equal(
        (values[:-1] > values[1:])[alike], (drive[:-1] > drive[1:])[alike]
    )


def test_among_equal_responses_the_larger_current_counts(made: Checked, run: Run) -> None:
    plain, probe = BlockProbe(made.run, [BLOCK]), BlockProbe(run, [BLOCK])
    points = plain.space.sample(np.random.default_rng(0), 40)
    expected, evaluation = plain.evaluate(points, 2), probe.evaluate(points, 2)
    assert probe.margin is not None
    assert evaluation.drive is not None
    assert expected.drive is None

    drive = np.repeat(probe.margin.drive(probe.decode(points)), 2, axis=1)
    quantum = probe.unit.quantum
    assert quantum == pytest.approx(1 / 6)
    np.testing.assert_allclose(
        evaluation.values, expected.values + 0.3 / 6 * np.tanh(drive / 3), rtol=1e-5, atol=1e-6
    )
    np.testing.assert_array_equal(evaluation.drive, drive.max(axis=0))
    np.testing.assert_array_equal(evaluation.lowest, expected.lowest)
    np.testing.assert_array_equal(evaluation.highest, expected.highest)


@pytest.mark.parametrize("method", ["random", "screened"])
def test_a_search_tells_responses_and_how_far_it_drove(run: Run, method: str) -> None:
    probe = BlockProbe(run, [BLOCK])
    searches = Searches(method, probe.seeds("search", method, (0,)), 40)

    outcome = run_search(probe, searches)

    result, drive = outcome.result, outcome.drive
    assert drive is not None
    answers = probe.respond_own("search", probe.decode(result.best_point)[:, None])[:, 0]
    np.testing.assert_allclose(result.best_response, answers, atol=1e-6)
    np.testing.assert_allclose(result.history[:, -1], result.best_response)
    np.testing.assert_allclose(6 * result.history, np.rint(6 * result.history), atol=1e-5)
    assert probe.margin is not None
    best = probe.margin.drive(probe.decode(result.best_point)).diagonal()
    assert (drive >= best).all()


def test_a_silent_neuron_ends_where_it_is_driven_most(run: Run) -> None:
    """In place of the first stimulus that came: that is all that a search of equal responses can say."""
    probe = BlockProbe(run, [BLOCK])
    probe.respond = lambda _purpose, images: np.zeros((len(images), 8), np.float32)  # type: ignore[assignment,method-assign]
    searches = Searches("random", probe.seeds("search", "random", (0,)), 40, share=True)
    outcome = run_search(probe, searches)
    assert outcome.result.always(0).all()
    assert not outcome.result.best_response.any()
    assert probe.margin is not None
    drive = probe.margin.drive(probe.decode(outcome.result.best_point)).diagonal()
    assert outcome.drive is not None
    np.testing.assert_allclose(drive, outcome.drive, rtol=1e-5)


def test_an_atlas_keeps_the_drive_and_replays(shared: Path) -> None:
    def study(output: Path) -> dict[str, object]:
        search = {"response": "margin", "methods": ["screened"], "budget": 40, "warm_start": True}
        return tiny(output, search=search)

    checked = built(shared / "margin", study)
    layer: xr.Dataset = open_tree(checked.run.atlas).layer("fc1").load()
    assert layer.drive.dims == layer.response.dims
    assert bool(np.isfinite(layer.drive).all())
    assert float(layer.history.max()) <= 1
    np.testing.assert_allclose(layer.history.isel(images=-1), layer.search_response)
    assert not verify(checked.run).problems


def test_other_atlases_have_no_drive(made: Checked) -> None:
    assert "drive" not in open_tree(made.run.atlas).layer("fc1")
