"""The finished cells as one xarray dataset, from which everything is measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.tasks.benchmark import results_store
from spikeatlas.tasks.benchmark.cells import Cell
from spikeatlas.tasks.benchmark.natural_codes import observed_name
from spikeatlas.tasks.benchmark.run_cell import PARTS

COLUMNS = (
    "training_seed",
    "layer",
    "group",
    "label",
    "knowledge",
    "share",
    "search_seed",
    "budget",
)
TIMES = tuple(f"{part}{clock}_seconds" for part in PARTS for clock in ("", "_cpu"))
COUNTS = ("images", "shown")


class CellMeasurement(NamedTuple):
    """The measurement of one cell, of n neurons."""

    neuron: NDArray[np.integer[Any]]
    """(n,) Index in the layer."""
    response: NDArray[np.float32]
    """(n,) To the best stimulus, measured anew."""
    level: NDArray[np.float32]
    """(n,) The best that the search itself saw."""
    natural: NDArray[np.float32]
    """(n,) Highest response to a natural test image."""
    encoded: NDArray[np.float32]
    """(n,) The same through the generator."""
    history: NDArray[np.float32]
    """(n, budget) Best response so far, by images a neuron."""
    totals: dict[str, float]
    """Times and counts."""


def collect(path: Path, cells: Sequence[Cell], budget: int) -> xr.Dataset:
    """Return the results of finished cells, along ``row`` (one neuron of one cell), ``cell`` and ``query``.

    On ``row``: ``cell``, the names of the search (``training_seed, layer, group, label, knowledge,
    share, search_seed, budget``), ``neuron``, ``response``, ``level`` (the best that the search itself saw),
    ``natural`` and ``encoded`` (the best natural test image, raw and through the generator), and
    ``history`` (row, query) over the first ``budget`` images a neuron; a search of fewer keeps its best. On ``cell_index``:
    times and counts.
    """
    measurements = [measurement_of(path, cell) for cell in cells]
    return dataset(
        rows_of(number, cell, measurement, budget)
        for number, (cell, measurement) in enumerate(zip(cells, measurements, strict=True))
    )


def measurement_of(path: Path, cell: Cell) -> CellMeasurement:
    """Return what was measured in one finished cell of a dataset."""
    search = results_store.arrays(path, f"cells/{cell.name}")
    natural = results_store.arrays(path, observed_name(cell.training_seed, cell.layer))
    neurons = search["neuron"]
    return CellMeasurement(
        neurons,
        search["response"],
        search["search_response"],
        natural["highest"][neurons],
        natural["encoded"][neurons],
        search["history"],
        {name: float(search[name]) for name in (*TIMES, *COUNTS)},
    )


def dataset(parts: Iterable[tuple[dict[str, Any], dict[str, Any]]]) -> xr.Dataset:
    """Join parts: columns by name of the rows of one cell, and its times and counts."""
    rows, totals = zip(*parts, strict=True)
    columns = {
        name: np.concatenate([part[name] for part in rows]) for name in rows[0] if name != "history"
    }
    return xr.Dataset(
        {name: ("row", values) for name, values in columns.items()}
        | {"history": (("row", "query"), np.concatenate([part["history"] for part in rows]))}
        | {name: ("cell_index", np.array([part[name] for part in totals])) for name in totals[0]}
    )


def rows_of(
    number: int, cell: Cell, measurement: CellMeasurement, budget: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns of one cell's rows, and its times and counts."""
    count = len(measurement.neuron)
    history = np.empty((count, budget), np.float32)
    first = measurement.history[:, :budget]
    history[:, : first.shape[1]] = first
    history[:, first.shape[1] :] = first[:, -1:]
    columns = {
        "cell": np.full(count, number),
        "neuron": measurement.neuron,
        "response": measurement.response,
        "level": measurement.level,
        "natural": measurement.natural,
        "encoded": measurement.encoded,
        "history": history,
    }
    names = {name: np.full(count, getattr(cell, name)) for name in COLUMNS}
    return columns | names, measurement.totals
