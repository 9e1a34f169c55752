"""Made-up results of a benchmark, whose table is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from spikeatlas.tasks.benchmark.results import COUNTS, TIMES, dataset

CLASSES = {"screened": "generator prior", "random": "generator prior", "pool": "natural images"}
BUDGET = 10
NEURONS = (4, 7)


def search(
    label: str,
    response: list[float],
    *,
    number: int = 0,
    share: bool = False,
    group: str = "main",
    layer: str = "conv1",
    seed: int = 0,
    history: Any = None,
    knowledge: str | None = None,
    encoded: float = 0.5,
    **totals: float,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """One search of a group: its rows' columns, and its times (1 s each) and counts (100)."""
    count = len(response)
    found = np.array(response, np.float32)
    told = found[:, None] * np.linspace(0.1, 1, BUDGET) if history is None else np.array(history)
    same = {
        "cell": number, "training_seed": 1, "layer": layer, "group": group, "label": label, "share": share,
        "knowledge": knowledge or CLASSES.get(label, "space only"), "search_seed": seed, "budget": BUDGET,
        "natural": 0.8, "encoded": encoded,
    }  # fmt: skip
    columns = {name: np.full(count, value) for name, value in same.items()}
    neurons = np.array(NEURONS + tuple(range(100, 100 + count)))[:count]
    rows = {**columns, "neuron": neurons, "response": found, "level": found}
    plain = dict.fromkeys(TIMES, 1.0) | dict.fromkeys(COUNTS, 100.0)
    return {**rows, "history": told.astype(np.float32)}, {**plain, **totals}


def results(*parts: tuple[dict[str, Any], dict[str, Any]]) -> xr.Dataset:
    """The dataset of these searches, numbered in order."""
    for number, (rows, _) in enumerate(parts):
        rows["cell"] = np.full_like(rows["cell"], number)
    return dataset(parts)
