"""All networks of a comparison, piece by piece: stopped anywhere, it goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed

from spikeatlas.flows.benchmark.comparison.comparison import NetworkComparison, Row
from spikeatlas.flows.benchmark.comparison.equal_sparsity import at_equal_sparsity
from spikeatlas.flows.benchmark.comparison.piece import Piece, measure_piece, valid_piece
from spikeatlas.tasks.atlas import coordinator
from spikeatlas.tasks.workers.process import worker_processes


def compare(comparison: NetworkComparison) -> Iterator[str]:
    """Train and measure what is not done; yields a line a piece. RuntimeError, once all are done, with those that failed."""
    comparison.results.mkdir(parents=True, exist_ok=True)
    rest = undone(comparison)
    yield f"{len(rest)} of {len(comparison.rows) * len(comparison.seeds)} networks are to be trained"
    failures: list[str] = []
    # rows that are as sparse as others wait for those
    waves = (
        [at for at in rest if (at[0].as_sparse_as is None) == first] for first in (True, False)
    )
    with coordinator(comparison.output), worker_processes(comparison.workers) as pool:
        for wave in waves:
            futures = {
                pool.submit(_measured, comparison, row, seed): f"{row.name}, seed {seed}"
                for row, seed in wave
            }
            for future in as_completed(futures):
                error = future.exception()
                if error is not None:
                    failures.append(f"{futures[future]}: {error}")
                    yield f"{futures[future]} failed: {error}"
                    continue
                yield f"{futures[future]}: {future.result().accuracy:.4f}"
    if failures:
        raise RuntimeError(f"{len(failures)} of {len(rest)} networks failed: {'; '.join(failures)}")


def _measured(comparison: NetworkComparison, row: Row, seed: int) -> Piece:
    key = comparison.key(row, seed)
    return measure_piece(comparison, at_equal_sparsity(comparison, row, seed), seed, key)


def undone(comparison: NetworkComparison) -> list[tuple[Row, int]]:
    """Return rows and seeds whose numbers are not there, seed by seed, so that all rows have the same."""
    done = {(piece.row, piece.seed) for piece in read_pieces(comparison)}
    return [
        (row, seed)
        for seed in comparison.seeds
        for row in comparison.rows
        if (row.name, seed) not in done
    ]


def read_pieces(comparison: NetworkComparison) -> Sequence[Piece]:
    """Return the numbers that are there and rest on what the file says now."""
    pieces = (
        valid_piece(comparison, row, seed) for row in comparison.rows for seed in comparison.seeds
    )
    return [piece for piece in pieces if piece is not None]
