"""The pieces that a race leaves: small text files, one a cell, from which its tables are made on any machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import xarray as xr

from spikeatlas.flows.benchmark.racing.bench import Bench
from spikeatlas.tasks.benchmark import results_store
from spikeatlas.tasks.benchmark.cell_piece import CellPiece, cell_piece, piece_path
from spikeatlas.tasks.benchmark.cells import Cell, Setting
from spikeatlas.tasks.benchmark.piece_file import read_piece, write_piece
from spikeatlas.tasks.benchmark.results import dataset, measurement_of, rows_of
from spikeatlas.tasks.study.digests import digest, json_values
from spikeatlas.tasks.study.study import StudyError

_ELSEWHERE = ("root", "checkpoint")
"""Fields that say where something lies, not what it is."""


def keep_pieces(bench: Bench, setting: Setting, cells: Iterable[Cell]) -> None:
    """Write the pieces of those cells that are finished in the dataset and have none."""
    if bench.results is None:
        return
    for cell in without_piece(bench, setting, cells):
        if results_store.done(bench.store, f"cells/{cell.name}", cell.digest(setting)):
            piece = cell_piece(
                measurement_of(bench.store, cell),
                key=_key(bench, cell),
                network=setting.checkpoints[cell.training_seed][1],
                generator=setting.generator.digest,
            )
            write_piece(piece_path(bench.results, cell), piece)


def without_piece(bench: Bench, setting: Setting, cells: Iterable[Cell]) -> list[Cell]:
    """Return the cells of which no piece tells, made from these networks and this generator."""
    if bench.results is None:
        return list(cells)
    return [
        cell
        for cell in cells
        if (piece := _piece(bench, cell)) is None
        or piece.network != setting.checkpoints[cell.training_seed][1]
        or piece.generator != setting.generator.digest
    ]


def of_unfinished_networks(bench: Bench) -> Bench:
    """Return the benchmark without the networks whose pieces are all there: these need not be trained again."""
    if bench.results is None:
        return bench
    pieces = _valid_pieces(bench)
    rest = tuple(
        seed
        for seed in bench.training_seeds
        if len(_sources(pieces, seed)) > 1
        or any(cell.training_seed == seed and cell not in pieces for cell in _cells(bench))
    )
    return bench.model_copy(update={"training_seeds": rest})


def read_pieces(bench: Bench) -> Mapping[Cell, CellPiece]:
    """Return the pieces that rest on what the file says now; StudyError where a network's are of several networks."""
    pieces = _valid_pieces(bench)
    for seed in bench.training_seeds:
        count = len(_sources(pieces, seed))
        if count > 1:
            message = (
                f"results: the pieces of training seed {seed} in {bench.results} were made from {count} different "
                "networks or generators, whose neurons cannot be compared; run the benchmark, which makes the rest again"
            )
            raise StudyError([message])
    return pieces


def _valid_pieces(bench: Bench) -> Mapping[Cell, CellPiece]:
    return {cell: piece for cell in _cells(bench) if (piece := _piece(bench, cell))}


def _sources(pieces: Mapping[Cell, CellPiece], seed: int) -> set[tuple[str, str]]:
    """Return the networks and generators that the pieces of one training seed were made from."""
    return {
        (piece.network, piece.generator)
        for cell, piece in pieces.items()
        if cell.training_seed == seed
    }


def results_of(bench: Bench, pieces: Mapping[Cell, CellPiece]) -> xr.Dataset:
    """Return the results of the cells of which there are pieces (``tasks/benchmark/results.py``)."""
    return dataset(
        rows_of(number, cell, piece.measurement, bench.budget)
        for number, (cell, piece) in enumerate(pieces.items())
    )


def missing_pieces(bench: Bench, pieces: Mapping[Cell, CellPiece]) -> Sequence[str]:
    """Return the names of the cells without a piece."""
    return [cell.name for cell in _cells(bench) if cell not in pieces]


def _piece(bench: Bench, cell: Cell) -> CellPiece | None:
    assert bench.results is not None
    piece = read_piece(piece_path(bench.results, cell), CellPiece)
    return piece if piece is not None and piece.key == _key(bench, cell) else None


def _cells(bench: Bench) -> list[Cell]:
    """Return all cells, their neurons but for the numbers."""
    most = max(count for _, _, _, count in bench.matrix.groups())
    numbers = tuple(range(most))
    return bench.matrix.cells(
        {(seed, layer): numbers for seed in bench.training_seeds for layer in bench.layers}
    )


def _key(bench: Bench, cell: Cell) -> str:
    """Return the digest (hex) of all that the file says of a cell."""
    fields = {
        name: value
        for name, value in vars(cell).items()
        if name not in ("neurons", "knowledge", "space")
    }
    return digest(
        {
            "cell": fields | {"neurons": len(cell.neurons), "space": json_values(cell.space)},
            "network": json_values(bench.network),
            "training": json_values(bench.training),
            "epoch": bench.epoch,
            "data": _of_content(json_values(bench.data)),
            "generator": _of_content(json_values(bench.generator)),
            "natural": bench.natural,
            "seed": bench.seed,
        }
    )


def _of_content(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if name not in _ELSEWHERE}
