"""The axes of an atlas."""

from __future__ import annotations

import pytest

from spikeatlas.tasks.atlas import image_counts


@pytest.mark.parametrize("budget", [1, 2, 10, 500, 20_000])
def test_image_counts_are_log_spaced_and_end_at_the_budget(budget: int) -> None:
    asked = image_counts(budget)

    assert asked[0] == 1
    assert asked[-1] == budget
    assert list(asked) == sorted(set(asked))
