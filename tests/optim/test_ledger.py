"""Bookkeeping: whatever a method proposes, the budget holds."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.optim import CodeSpace
from spikeatlas.optim.ledger import SearchLedger
from spikeatlas.optim.types import Problem

SPACE = CodeSpace(1, 64)


def ledger_of(*, share: bool) -> SearchLedger:
    return SearchLedger(Problem(SPACE, (1, 2), budget=3, share=share))


def proposed(ledger: SearchLedger, owner: list[int]) -> list[int]:
    """Return the rows, one an owner, that the ledger lets through."""
    points = np.arange(len(owner)).reshape(-1, 1)
    return [int(row) for row in ledger.propose(points, np.array(owner)).points[:, 0]]


@pytest.mark.parametrize("share", [False, True])
def test_each_owner_gets_its_budget_only(*, share: bool) -> None:
    ledger = ledger_of(share=share)
    assert proposed(ledger, [1, 1, 0, 1, 1, 0]) == [0, 1, 2, 3, 5]
    assert proposed(ledger, [1, 0, 0]) == [1]
    assert ledger.remaining == 0


def test_all_owners_get_the_total_only() -> None:
    ledger = ledger_of(share=True)
    assert proposed(ledger, [-1, 0, -1, 0]) == [0, 1, 2, 3]
    assert proposed(ledger, [0, -1, -1, 1]) == [0, 1]
    assert ledger.remaining == 0


def test_history_columns_count_own_images_or_all() -> None:
    for share, columns in ((False, [0, 1, 0, 1]), (True, [0, 0, 1, 1])):
        ledger = ledger_of(share=share)
        proposed(ledger, [0, 0, 1, 1])
        assert ledger.column[:4].tolist() == columns
