"""The numbers of one finished cell as a small text file, from which tables are made where the dataset is gone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.tasks.benchmark.cells import Cell
from spikeatlas.tasks.benchmark.results import CellMeasurement

_EVERY = 10
_GROWTH = 1.1


@dataclass(frozen=True)
class CellPiece:
    """The numbers of a cell."""

    key: str
    """Digest of what the file of the benchmark says of it."""
    network: str
    """Digest of the checkpoint that was searched."""
    generator: str
    """Digest of the generator."""
    neuron: list[int]
    response: list[float]
    level: list[float]
    natural: list[float]
    encoded: list[float]
    budget: int
    history: list[list[tuple[int, float]]]
    """For each neuron the images at which its best-so-far was higher than before, and how high: looked up after
    each of the first 10 images, then at counts that grow by a tenth."""
    totals: dict[str, float]

    @property
    def measurement(self) -> CellMeasurement:
        """The measurement of the cell; the best-so-far rises at the counts that were looked up, so never too early."""
        return CellMeasurement(
            np.array(self.neuron),
            np.array(self.response, np.float32),
            np.array(self.level, np.float32),
            np.array(self.natural, np.float32),
            np.array(self.encoded, np.float32),
            np.stack([_curve(steps, self.budget) for steps in self.history]),
            self.totals,
        )


def cell_piece(
    measurement: CellMeasurement, *, key: str, network: str, generator: str
) -> CellPiece:
    """Return the piece of a cell's measurement."""
    return CellPiece(
        key,
        network,
        generator,
        [int(neuron) for neuron in measurement.neuron],
        _numbers(measurement.response),
        _numbers(measurement.level),
        _numbers(measurement.natural),
        _numbers(measurement.encoded),
        measurement.history.shape[1],
        [_steps(row) for row in measurement.history],
        {name: float(f"{value:.4g}") for name, value in measurement.totals.items()},
    )


def piece_path(folder: Path, cell: Cell) -> Path:
    """Return the file of a cell."""
    return folder / f"{cell.name}.json"


def looked_up(budget: int) -> list[int]:
    """Return the numbers of images after which a history is kept: each of the first, then every tenth part more."""
    counts = list(range(1, min(_EVERY, budget) + 1))
    while counts[-1] < budget:
        counts.append(min(budget, int(counts[-1] * _GROWTH)))
    return counts


def _steps(history: NDArray[np.float32]) -> list[tuple[int, float]]:
    steps: list[tuple[int, float]] = []
    for count in looked_up(len(history)):
        value = history[count - 1]
        if not np.isnan(value) and (not steps or _number(value) > steps[-1][1]):
            steps.append((count, _number(value)))
    return steps


def _curve(steps: list[tuple[int, float]], budget: int) -> NDArray[np.float32]:
    curve = np.full(budget, np.nan, np.float32)
    for count, value in steps:
        curve[count - 1 :] = value
    return curve


def _numbers(values: NDArray[Any]) -> list[float]:
    return [_number(value) for value in values]


def _number(value: Any) -> float:
    """Return the shortest number that is the same in single precision."""
    return float(str(np.float32(value)))
