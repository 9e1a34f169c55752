"""The comparison of networks that a file describes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from spikeatlas.flows.benchmark.comparison import (
    compare,
    comparison_table,
    read_comparison,
    read_pieces,
)


def compare_networks(
    networks: Path, overrides: Sequence[str] = (), *, table: bool = False
) -> Iterator[str]:
    """Train and measure the networks of a file and yield their table; ``table``: yield that alone."""
    comparison = read_comparison(networks, overrides)
    if not table:
        yield from compare(comparison)
    yield comparison_table(comparison, read_pieces(comparison))
