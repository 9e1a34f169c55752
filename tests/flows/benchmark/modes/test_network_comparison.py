from __future__ import annotations

from pathlib import Path

from spikeatlas.flows.benchmark.comparison import measure_piece, read_comparison
from spikeatlas.flows.benchmark.modes.network_comparison import compare_networks
from tests.flows.benchmark.comparison.test_comparison import written


def test_the_table_is_made_of_what_is_there(tmp_path: Path) -> None:
    path = written(tmp_path)
    comparison = read_comparison(path)
    measure_piece(comparison, comparison.rows[0], 1, comparison.key(comparison.rows[0], 1))

    (table,) = compare_networks(path, table=True)

    assert len(table.splitlines()) == 3
    assert "| LIF | " in table
