"""The page stays below its limit, and says what it leaves out."""

from __future__ import annotations

from spikeatlas.tasks.report.explorer.page_budget import PageBudget


def test_the_page_leaves_out_what_does_not_fit_and_says_so() -> None:
    budget = PageBudget(limit=10)
    budget.must("numbers", "abcd")
    assert budget.may("pictures", "epoch 2", "best", ["xx", "yy"]) == 2
    assert budget.may("pictures", "epoch 1", "more", ["zzz"]) is None
    # the same kind is not tried again, another is
    assert budget.may("pictures", "epoch 0", "less", ["z"]) is None
    assert budget.may("curves", "conv1", "curves", ["z"]) == 1
    assert list(budget.parts) == ["numbers", "best/0", "best/1", "curves/0"]
    assert budget.sentences() == [
        "To stay below 1e-05 MB this page leaves out pictures: epoch 1, epoch 0. The atlas holds them."
    ]
