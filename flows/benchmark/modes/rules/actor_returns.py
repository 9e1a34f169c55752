"""Returns of actors, with spikes and without, after the same training."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, cast

from annotated_types import Ge
from pydantic import Field, FiniteFloat, model_validator
from rich.table import Table

from spikeatlas.flows.benchmark.comparison import NetworkComparison, Row, read_comparison
from spikeatlas.snn.data import Observations
from spikeatlas.snn.environments import environment
from spikeatlas.snn.networks import ActorNetwork
from spikeatlas.snn.training import Td3, epoch_path, load_network, train_network
from spikeatlas.snn.training.methods.td3 import episode_returns, seeds_of_tests
from spikeatlas.tasks.atlas import coordinator
from spikeatlas.tasks.benchmark.piece_file import read_piece, write_piece
from spikeatlas.tasks.inspect.text import as_text
from spikeatlas.tasks.workers import models
from spikeatlas.tasks.workers.process import one_thread
from spikeatlas.tasks.workers.stopping import stop_asked

_UNREAD = {"robustness", "workers"}
"""Fields of the form that a comparison of returns does not read."""


class ReturnComparison(NetworkComparison):
    """Actors x seeds, each trained by td3 and tested in its environment."""

    episodes: Annotated[int, Ge(1)] = 10
    """Test episodes, the same for all (>= 1)."""
    bars: dict[str, FiniteFloat] = Field(default_factory=dict)
    """Rows, and the mean return that each is to reach."""

    @model_validator(mode="after")
    def _check_fields(self) -> ReturnComparison:
        read_of_rows = {"name", "network", "training"}
        unread = sorted(self.model_fields_set & _UNREAD)
        unread += sorted(
            {name for row in self.rows for name in row.model_fields_set - read_of_rows}
        )
        if unread:
            raise ValueError(
                f"{', '.join(unread)}: of networks that read classes, which actors do not; leave it out"
            )
        return self

    @model_validator(mode="after")
    def _check_bars(self) -> ReturnComparison:
        for name in self.bars.keys() - {row.name for row in self.rows}:
            raise ValueError(
                f"bars: {name!r} is no row; name one of {', '.join(row.name for row in self.rows)}"
            )
        return self

    @model_validator(mode="after")
    def _check_environment(self) -> ReturnComparison:
        if not isinstance(self.data, Observations):
            raise ValueError(  # noqa: TRY004 - a mistake of the file, told like any other
                f"data.dataset: {self.data.dataset} has no observations, which actors take; write data: {{dataset: "
                "observations}"
            )
        for row in self.rows:
            method = row.training.method
            if not isinstance(method, Td3):
                raise ValueError(  # noqa: TRY004 - the same
                    f"row {row.name!r}: training.method is {method.kind}; returns are td3's"
                )
            if method.environment != self.data.environment:
                raise ValueError(
                    f"row {row.name!r}: training.method.environment: {method.environment} is not data.environment, "
                    f"{self.data.environment}; name the same one"
                )
        return self


@dataclasses.dataclass(frozen=True)
class ReturnPiece:
    """The returns of one row and seed."""

    row: str
    seed: int
    key: str
    """Digest of what they rest on."""
    steps: int
    """Environment steps of the training."""
    returns: list[float]
    """Sum of rewards of each test episode, after the last step."""
    untrained: list[float]
    """The same before the first."""
    seconds: float
    """Of the training, on one core, when it went on at once; 0 of one that was resumed."""

    @property
    def mean(self) -> float:
        """Mean return."""
        return sum(self.returns) / len(self.returns)


def compare_returns(
    returns: Path, overrides: Sequence[str] = (), *, table: bool = False
) -> Iterator[str]:
    """Train the actors of a file that are not trained yet, and yield their returns; ``table``: from what is there."""
    comparison = read_comparison(returns, overrides, ReturnComparison)
    if not table:
        with coordinator(comparison.output):
            yield from _train_rest(comparison)
    yield return_table(comparison, read_all_returns(comparison))


def _train_rest(comparison: ReturnComparison) -> Iterator[str]:
    for seed, row in itertools.product(comparison.seeds, comparison.rows):
        if read_returns(comparison, row, seed) is None:
            piece = measure_returns(comparison, row, seed)
            yield f"{row.name}, seed {seed}: mean return {piece.mean:.1f}"


def read_all_returns(comparison: ReturnComparison) -> list[ReturnPiece]:
    """Return the numbers that are there, seed by seed."""
    pieces = (
        read_returns(comparison, row, seed)
        for seed, row in itertools.product(comparison.seeds, comparison.rows)
    )
    return [piece for piece in pieces if piece is not None]


def key_of(comparison: ReturnComparison, row: Row, seed: int) -> str:
    """Digest of all that the returns of a row and seed rest on."""
    return f"{comparison.key(row, seed)}-{comparison.episodes}"


def read_returns(comparison: ReturnComparison, row: Row, seed: int) -> ReturnPiece | None:
    """Return the numbers that are there and rest on what the file says now."""
    piece = read_piece(comparison.result_path(row, seed), ReturnPiece)
    return piece if piece is not None and piece.key == key_of(comparison, row, seed) else None


def measure_returns(comparison: ReturnComparison, row: Row, seed: int) -> ReturnPiece:
    """Train one actor, or go on where its training was stopped, test it, and keep the numbers."""
    one_thread()
    data, folder = models.dataset(comparison.data), comparison.output / f"{row.slug}-seed-{seed}"
    fresh, began = not folder.exists(), time.process_time()
    train_network(
        row.spec.architecture,
        row.training,
        data,
        folder=folder,
        seed=seed,
        study=comparison.key(row, seed),
        should_stop=stop_asked,
    )
    seconds = time.process_time() - began if fresh else 0.0
    places = row.training.places(row.spec.architecture)
    untrained, trained = (_tested(comparison, row, folder, place) for place in (0.0, places[-1]))
    key = key_of(comparison, row, seed)
    piece = ReturnPiece(row.name, seed, key, int(places[-1]), trained, untrained, seconds)
    write_piece(comparison.result_path(row, seed), piece)
    return piece


def _tested(comparison: ReturnComparison, row: Row, folder: Path, place: float) -> list[float]:
    """Return the test episodes' returns of a checkpoint."""
    data = models.dataset(comparison.data)
    network = load_network(
        epoch_path(folder, place), row.spec.architecture, data.shape, len(data.classes)
    )
    world = environment(cast("Td3", row.training.method).environment)
    return episode_returns(
        cast("ActorNetwork", network), world, seeds_of_tests(comparison.episodes)
    )


def return_table(comparison: ReturnComparison, pieces: Sequence[ReturnPiece]) -> str:
    """Return a row for each actor and seed, its returns beside the bar."""
    table = Table("actor", "seed", "steps", "mean return", "lowest", "untrained", "bar", "seconds")
    for piece in pieces:
        bar = comparison.bars.get(piece.row)
        verdict = "" if bar is None else f"{bar:g}: {'reached' if piece.mean >= bar else 'missed'}"
        table.add_row(
            piece.row,
            f"{piece.seed}",
            f"{piece.steps:,}",
            f"{piece.mean:.1f}",
            f"{min(piece.returns):.1f}",
            f"{sum(piece.untrained) / len(piece.untrained):.1f}",
            verdict,
            f"{piece.seconds:.0f}" if piece.seconds else "resumed",
        )
    return as_text(table)
