"""What is measured of each neuron, on results whose measures are known."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.tasks.benchmark.scoring import scores
from tests.tasks.benchmark.scoring.made_up import results, search

INF, NAN = np.inf, np.nan


def test_images_to_a_level() -> None:
    history = np.array([[0.1, 0.5, 0.5], [NAN, 0.2, 0.4], [0.3, 0.3, 0.3], [0.1, 0.1, 0.1]])
    level = np.array([0.5, 0.4, 0.9, NAN])

    assert scores.images_to(history, level).tolist()[:3] == [2, 3, INF]
    assert np.isnan(scores.images_to(history, level)[3])


def test_headroom() -> None:
    found = scores.headroom(np.array([0.6, 0.2, 1.0]), np.array([0.2, 0.4, 1.0]))
    assert found[:2] == pytest.approx([0.5, -1 / 3])
    assert np.isnan(found[2])


def test_ratio() -> None:
    found = scores.ratio(np.array([0.6, 0.2, 0.0, NAN]), np.array([0.3, 0.0, 0.0, 0.5]))
    assert found[:3].tolist() == pytest.approx([2, INF, 1])
    assert np.isnan(found[3])


def test_failures() -> None:
    best = np.array([0.8, 0.8, 0.8, 0.0])
    assert scores.failures(np.array([0.39, 0.4, NAN, 0.0]), best).tolist() == [
        True, False, False, False,
    ]  # fmt: skip


def test_a_neuron_is_the_mean_over_seeds_and_its_best_is_any_single_search() -> None:
    found = scores.per_neuron(
        results(
            search("screened", [0.4, 0.2], seed=0),
            search("screened", [0.8, 0.2], seed=1),
            search("random", [0.1, 0.5]),
            search("screened", [1.0, 0.1], share=True),
            search("tt", [0.9, 0.9], group="sharing"),
        ),
        "main",
    )

    assert found.neuron.values.tolist() == [4, 7]
    assert scores.of(found, "response", "screened", share=False) == pytest.approx([0.6, 0.2])
    assert scores.of(found, "response", "screened", share=True) == pytest.approx([1.0, 0.1])
    assert np.isnan(scores.of(found, "response", "random", share=True)).all()
    # the other group's search of the same neuron counts for what is possible
    assert found.best.values == pytest.approx([1.0, 0.9])


def test_area_and_level() -> None:
    rising = [[0.0] * 5 + [0.5] * 5, [NAN] + [0.5] * 9]
    found = scores.per_neuron(
        results(
            search("screened", [0.5, 0.5], history=rising),
            search("screened", [0.5, 0.5], history=rising, seed=1),
            search("reference", [0.5, 0.6]),
            search("guide-swap", [1.0, 0.2], knowledge="gradient"),
            search("guide-relaxed", [0.3, 0.4], knowledge="gradient"),
        ),
        "main",
    )

    assert scores.of(found, "auc", "screened", share=False) == pytest.approx([0.25, 0.75])
    assert scores.of(found, "reached", "screened", share=False).tolist() == [6, INF]
    assert found.reference.values == pytest.approx([0.5, 0.6])
    assert found.guide.values == pytest.approx([1.0, 0.4])


def test_one_seed_that_never_gets_there_makes_the_neuron_never() -> None:
    found = scores.per_neuron(
        results(
            search("screened", [0.5]), search("screened", [0.2], seed=1), search("reference", [0.5])
        ),
        "main",
    )
    assert scores.of(found, "reached", "screened", share=False).tolist() == [INF]


def test_what_was_not_run_for_a_neuron_is_nan_there() -> None:
    found = scores.per_neuron(
        results(search("screened", [0.5, 0.6]), search("dear", [0.5])), "main"
    )
    assert np.isnan(scores.of(found, "response", "dear", share=False)).tolist() == [False, True]
    assert np.isnan(found.reference.values).all()
