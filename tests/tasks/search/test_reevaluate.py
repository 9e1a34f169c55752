"""Noise: what is reported is free of the luck by which it was chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.search.block_probe import BlockProbe
from spikeatlas.tasks.search.loop import Searches, run_search
from spikeatlas.tasks.search.reevaluate import CANDIDATES, remeasure
from spikeatlas.tasks.search.warm_start import keeps_archive
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.workers import models
from tests.tiny import build, tiny

METHODS = ("screened", "tt", "random")


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    raw = tiny(
        tmp_path_factory.mktemp("noisy") / "run",
        network={"coding": "poisson", "threshold": 0.5},
        generator={"codes": 32},
        probe={"epochs": [2], "layers": ["conv2", "fc1"]},
        search={"methods": list(METHODS), "budget": 30, "repeats": 3},
    )
    return build(raw)


def bias(noisy: Checked, name: str) -> dict[str, tuple[float, float]]:
    """Mean of a stored response less an independent measurement, and its 95 % half width, by method."""
    run = noisy.run.with_fields(search=replace(noisy.run.search, presentations=100))
    tree, decode = open_tree(run.atlas), models.generator(run).decode
    gaps: dict[str, list[NDArray[np.float32]]] = {method: [] for method in METHODS}
    for layer, neurons in run.layers.items():
        found = tree.layer(layer, "layers", "latent").isel(epoch=0).load()
        respond = models.responder(run, 2.0, "independent", {layer: neurons})
        for method in METHODS:
            one = found.sel(search=method)
            # not mei, which a search that no answer came to has none of
            images = decode(one.latent.values.reshape(-1, one.sizes["latent_dim"]))
            rows = np.repeat(np.arange(len(neurons)), one.sizes["repeat"])
            again = respond(images)[layer][np.arange(len(images)), rows]
            gaps[method].append(one[name].values.ravel() - again)
    flat = {method: np.concatenate(parts) for method, parts in gaps.items()}
    assert all(len(values) >= 40 for values in flat.values())
    return {
        method: (float(v.mean()), float(1.96 * v.std(ddof=1) / np.sqrt(len(v))))
        for method, v in flat.items()
    }


def test_the_reported_response_is_unbiased(noisy: Checked) -> None:
    for method, (mean, width) in bias(noisy, "response").items():
        assert abs(mean) <= width, (method, mean, width)
    for method, (mean, width) in bias(noisy, "search_response").items():
        assert mean > width, (method, mean, width)


def test_candidates_are_judged_by_another_measurement(noisy: Checked) -> None:
    probe = BlockProbe(noisy.run, [Block(2, "conv2", 0, 4)])
    outcome = run_search(probe, Searches("random", np.arange(4)[:, None], 30, archived=True))
    assert outcome.archive is not None

    points, values = remeasure(probe, outcome.archive)

    # the strongest of eight lucky ones loses what luck gave it
    assert values.mean() < outcome.result.best_response.mean()
    for point, (candidates, _) in zip(points, outcome.archive.ranked(1), strict=True):
        assert point.tolist() in candidates[:CANDIDATES].tolist()


def test_a_deterministic_coding_measures_nothing_again(made: Checked, noisy: Checked) -> None:
    assert not keeps_archive(made.run)
    assert models.presentations(made.run, "report") == 1
    assert [models.presentations(noisy.run, purpose) for purpose in ("search", "report")] == [1, 4]
