"""The books: whatever a method proposes, the budget holds."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.optim import CodeSpace
from spikeatlas.optim.ledger import SearchLedger
from spikeatlas.optim.types import Problem

SPACE = CodeSpace(1, 64)


def ledger(*, share: bool) -> SearchLedger:
    return SearchLedger(Problem(SPACE, (1, 2), budget=3, share=share))


def proposed(books: SearchLedger, owner: list[int]) -> list[int]:
    """Which of the rows, one an owner, the ledger lets through."""
    points = np.arange(len(owner)).reshape(-1, 1)
    return [int(row) for row in books.propose(points, np.array(owner)).points[:, 0]]


@pytest.mark.parametrize("share", [False, True])
def test_each_owner_gets_its_budget_only(*, share: bool) -> None:
    books = ledger(share=share)
    assert proposed(books, [1, 1, 0, 1, 1, 0]) == [0, 1, 2, 3, 5]
    assert proposed(books, [1, 0, 0]) == [1]
    assert books.left == 0


def test_all_owners_get_the_total_only() -> None:
    books = ledger(share=True)
    assert proposed(books, [-1, 0, -1, 0]) == [0, 1, 2, 3]
    assert proposed(books, [0, -1, -1, 1]) == [0, 1]
    assert books.left == 0


def test_history_columns_count_own_images_or_all() -> None:
    for share, columns in ((False, [0, 1, 0, 1]), (True, [0, 0, 1, 1])):
        books = ledger(share=share)
        proposed(books, [0, 0, 1, 1])
        assert books.column[:4].tolist() == columns
