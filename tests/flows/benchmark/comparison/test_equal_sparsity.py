"""A row is pruned to what another one was left with, layer by layer, and waits for that one's numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spikeatlas.flows.benchmark.comparison import compare, read_comparison, read_pieces
from spikeatlas.flows.benchmark.comparison.equal_sparsity import at_equal_sparsity
from spikeatlas.tasks.study.study import StudyError
from tests.flows.benchmark.comparison.test_comparison import written


def cut(name: str, sparsity: object, **fields: Any) -> dict[str, Any]:
    callbacks = [{"kind": "prune", "by": "random", "sparsity": sparsity, "at": 1.0}]
    return {"name": name, "training": {"callbacks": callbacks}, **fields}


ROWS = [cut("other", 0.1, as_sparse_as="first"), cut("first", [0.25, 0.5])]
NETWORK = {"channels": [], "hidden": [8, 6], "time_steps": 4}


def test_it_is_left_with_as_many_units_of_each_layer(tmp_path: Path) -> None:
    comparison = read_comparison(written(tmp_path, rows=ROWS, network=NETWORK, seeds=[0]))
    other, first = comparison.rows
    with pytest.raises(ValueError, match="as sparse as 'first', of which there are no numbers"):
        at_equal_sparsity(comparison, other, 0)

    list(compare(comparison))
    pieces = {piece.row: piece for piece in read_pieces(comparison)}
    assert pieces["first"].units == pieces["other"].units == {"fc1": 6, "fc2": 3}
    assert at_equal_sparsity(comparison, first, 0) == first


def test_its_numbers_rest_on_those_of_the_other(tmp_path: Path) -> None:
    comparison = read_comparison(written(tmp_path, rows=ROWS, network=NETWORK))
    rows = [ROWS[0], cut("first", [0.5, 0.5])]
    changed = read_comparison(written(tmp_path, rows=rows, network=NETWORK))
    assert changed.key(changed.rows[0], 0) != comparison.key(comparison.rows[0], 0)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (cut("other", 0.1, as_sparse_as="frist"), "as_sparse_as 'frist', which is no row .* 'first'"),
        (cut("other", 0.1, as_sparse_as="other"), "which is no row that cuts units by itself"),
        ({"name": "other", "as_sparse_as": "first"}, "'other' is .* but is not pruned"),
    ],
    ids=["unknown", "itself", "whole"],
)  # fmt: skip
def test_what_cannot_be_is_told(tmp_path: Path, row: dict[str, Any], sentence: str) -> None:
    with pytest.raises(StudyError, match=sentence):
        read_comparison(written(tmp_path, rows=[row, ROWS[1]], network=NETWORK))
