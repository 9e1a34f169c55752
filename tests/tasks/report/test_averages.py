"""Means and quartiles pass over what is not known."""

from __future__ import annotations

import numpy as np

from spikeatlas.tasks.report.averages import mean, quartiles


def test_means_and_quartiles_pass_over_what_is_not_known() -> None:
    values = np.array([[1.0, 3.0, np.nan], [np.nan] * 3])
    np.testing.assert_array_equal(mean(values, 1), [2, np.nan])
    assert mean(values, 2) == 2
    np.testing.assert_array_equal(
        quartiles(np.array([[0, 1, 2, np.inf], [np.nan] * 4]))[:, 0], [0.5, 1, 1.5]
    )
    assert np.isnan(quartiles(values)[:, 1]).all()
