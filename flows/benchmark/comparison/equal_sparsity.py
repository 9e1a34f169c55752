"""Pruning of one row to the widths that another row's training was left with, seed by seed."""

from __future__ import annotations

import dataclasses

from spikeatlas.flows.benchmark.comparison.comparison import NetworkComparison, Row
from spikeatlas.flows.benchmark.comparison.piece import Piece, valid_piece
from spikeatlas.snn.networks import NetworkSpec, layer_sizes
from spikeatlas.snn.training import Prune, TrainingSpec


def at_equal_sparsity(comparison: NetworkComparison, row: Row, seed: int) -> Row:
    """Return a row whose pruning cuts as many units of each layer as the row ``as_sparse_as`` has lost; others as they are.

    ValueError where that one has no numbers of this seed yet.
    """
    if row.as_sparse_as is None:
        return row
    other = next(other for other in comparison.rows if other.name == row.as_sparse_as)
    piece = valid_piece(comparison, other, seed)
    if piece is None:
        raise ValueError(
            f"it is as sparse as {other.name!r}, of which there are no numbers of seed {seed}: run the comparison again"
        )
    return row.model_copy(update={"training": _pruned_to(piece, row)})


def _pruned_to(piece: Piece, row: Row) -> TrainingSpec:
    architecture = row.spec.architecture
    assert isinstance(architecture, NetworkSpec)
    # the output is not pruned, so its size does not matter
    sizes = layer_sizes(architecture, 1)
    shares = tuple(1 - units / sizes[name] for name, units in piece.units.items())
    callbacks = tuple(
        dataclasses.replace(callback, sparsity=shares) if isinstance(callback, Prune) else callback
        for callback in row.training.callbacks
    )
    return dataclasses.replace(row.training, callbacks=callbacks)
