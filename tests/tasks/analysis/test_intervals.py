from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from spikeatlas.tasks.analysis.intervals import NOTHING, difference, over_seeds, resampled, share


def test_a_share_has_the_exact_interval() -> None:
    found = share(0, 20)
    assert found.effect == 0
    assert found.low == 0
    # 1 - (0.025) ** (1 / 20)
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 20))


def test_nothing_has_no_interval() -> None:
    for found in (share(0, 0), difference((0, 0), (1, 2)), over_seeds(np.array([np.nan]))):
        assert np.isnan(found).all()
    assert np.isnan(NOTHING).all()


def test_equal_shares_differ_by_nothing() -> None:
    found = difference((10, 40), (10, 40))
    assert found.effect == 0
    assert found.low == pytest.approx(-found.high)
    assert 0 < found.high < 0.25


def test_intervals_cover_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    means = [over_seeds(rng.normal(3, 2, 5)) for _ in range(2000)]
    assert np.mean([each.low <= 3 <= each.high for each in means]) == pytest.approx(0.95, abs=0.015)
    pairs = rng.binomial((40, 60), (0.3, 0.5), (2000, 2))
    shares = [difference((int(a), 40), (int(b), 60)) for a, b in pairs]
    assert np.mean([each.low <= -0.2 <= each.high for each in shares]) > 0.94


def test_one_network_has_no_bounds() -> None:
    found = over_seeds(np.array([0.3, np.nan]))
    assert found.effect == pytest.approx(0.3)
    assert np.isnan(found.low)


def test_percentiles_leave_out_what_is_undefined() -> None:
    draws = np.append(stats.norm.ppf(np.linspace(0.0005, 0.9995, 1000)), np.nan)
    found = resampled(draws, 0.1)
    assert found.effect == 0.1
    assert (found.low, found.high) == pytest.approx((-1.96, 1.96), abs=0.02)
    assert np.isnan(resampled(np.array([np.nan]), 0.1).low)
