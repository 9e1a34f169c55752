"""Intervals and sign tests with answers known beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.tasks.benchmark.scoring.statistics import (
    Comparison,
    compare,
    interval,
    mean,
    median,
    networks_won,
)


def test_a_comparison_counts_ties_apart_and_skips_what_is_not_known() -> None:
    first = np.array([1.0, 1.0, 0.5, 0.2, np.nan, 1.0])
    second = np.array([0.5, 0.5, 0.5, 0.3, 0.1, np.nan])

    assert compare(first, second) == Comparison(wins=2, ties=1, losses=1)
    assert compare(first, second).share == pytest.approx(0.5)


def test_networks_are_won_where_there_are_more_wins_than_losses() -> None:
    first = np.array([1.0, 1.0, 0.0, 1.0, 2.0, np.nan])
    second = np.array([0.0, 1.0, 1.0, 0.0, 2.0, 1.0])
    networks = np.array([1, 1, 1, 2, 2, 3])

    # one win and one loss, one win and a tie, nothing to compare
    assert networks_won(first, second, networks) == (1, 2)


def test_no_duel_has_no_share() -> None:
    assert np.isnan(Comparison(0, 0, 0).share)


def test_the_interval_of_equal_values_is_a_point() -> None:
    assert interval(np.full(8, 2.0), np.repeat(["a", "b"], 4), mean) == (2.0, 2.0)


def test_clusters_are_resampled_whole() -> None:
    # within each cluster nothing varies: what is left is which clusters were drawn
    values, clusters = np.repeat([0.0, 1.0], 50), np.repeat(["a", "b"], 50)

    assert interval(values, clusters, mean) == (0.0, 1.0)
    low, high = interval(values, np.full(100, "one"), mean)
    assert 0.35 < low < 0.45
    assert 0.55 < high < 0.65


def test_an_interval_may_end_at_never() -> None:
    low, high = interval(np.array([1.0, 2.0, np.inf]), np.full(3, "one"), median)
    assert low == 1
    assert high == np.inf


def test_nothing_has_no_interval() -> None:
    assert np.isnan(interval(np.empty(0), np.empty(0, str), median)).all()
    assert np.isnan(median(np.empty(0)))
    assert np.isnan(mean(np.empty(0)))
