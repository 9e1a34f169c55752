"""The finished cells as one xarray dataset, from which everything is measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

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


def collect(path: Path, cells: Sequence[Cell], budget: int) -> xr.Dataset:
    """Return the results of finished cells, along ``row`` (one neuron of one cell), ``cell`` and ``query``.

    On ``row``: ``cell``, the names of the search (``training_seed, layer, group, label, knowledge,
    share, search_seed, budget``), ``neuron``, ``response``, ``level`` (the best that the search itself saw),
    ``natural`` and ``encoded`` (the best natural test image, raw and through the generator), and
    ``history`` (row, query) over the first ``budget`` images a neuron. On ``cell_index``: times and
    counts.
    """
    parts = [_rows(path, number, cell, budget) for number, cell in enumerate(cells)]
    return dataset(parts)


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


def _rows(
    path: Path, number: int, cell: Cell, budget: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    search = results_store.arrays(path, f"cells/{cell.name}")
    natural = results_store.arrays(path, observed_name(cell.training_seed, cell.layer))
    neurons = search["neuron"]
    history = np.full((len(neurons), budget), np.nan, np.float32)
    first = search["history"][:, :budget]
    history[:, : first.shape[1]] = first
    columns = {
        "cell": np.full(len(neurons), number),
        "neuron": neurons,
        "response": search["response"],
        "level": search["search_response"],
        "natural": natural["highest"][neurons],
        "encoded": natural["encoded"][neurons],
        "history": history,
    }
    names = {name: np.full(len(neurons), getattr(cell, name)) for name in COLUMNS}
    return columns | names, {name: float(search[name]) for name in (*TIMES, *COUNTS)}
