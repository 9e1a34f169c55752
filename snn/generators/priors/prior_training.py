"""Learns a prior of codes; stops and goes on at any epoch with the same file at the end."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, pad

from spikeatlas.snn.generators.priors.code_prior import (
    FORMAT,
    Whole,
    check_range,
    earlier_neighbours,
)
from spikeatlas.snn.generators.priors.first_guess import (
    first_parameters,
    fit_marginals,
    split_rows,
)
from spikeatlas.snn.training.resumable import EpochLearner, train_file

_RADIUS = 3
# an epoch: at most so many steps of about so many codes; few images are passed so often at most
_STEPS = 200
_STEP_CODES = 2048
_PASSES = 4
_EPOCHS = 10
_PATIENCE = 2
_LR = 4e-3
# neighbours hidden at random, or few images are learnt by heart
_DROPOUT = 0.1


@dataclasses.dataclass(frozen=True)
class PriorRecord:
    """One epoch of the autoregressive prior's training."""

    epoch: int
    """1, 2, ..."""
    nats: float
    """Nats a code of the rows it learnt from, some neighbours hidden, mean over the epoch (>= 0)."""
    held_out: float
    """Nats a code of the rows held out, after the epoch (>= 0)."""

    def __str__(self) -> str:
        return f"epoch {self.epoch}: {self.held_out:.4f} nats a code held out"


def train_prior(
    points: npt.NDArray[Any],
    codes: int,
    codebook: npt.NDArray[np.float32] | None,
    *,
    path: Path,
    seed: int,
    study: str,
    should_stop: Callable[[], bool] | None = None,
    on_epoch: Callable[[PriorRecord], None] | None = None,
) -> None:
    """Learn both priors of the rows ``points`` (n, g*g), each 0..``codes``-1, and write them to ``path``.

    ``codebook`` (codes, embedding) tells which codes are alike. A tenth of the rows, at least one, is
    held out: it chooses the smoothing of the factorised prior, and the epoch of the autoregressive one,
    which starts as the factorised and is never worse there. Same arguments, same bytes, killed or not: a
    training state beside ``path`` keeps the last whole epoch and goes when the file is there. A file
    that these arguments made is left as it is. ``study`` is a digest kept in the file. ValueError for
    points or a codebook that do not fit; InterruptedError when ``should_stop()`` was true (asked every
    step).
    """
    _check(points, codes, codebook)
    identity = _identify(points, codes, codebook, seed, study)
    begin = lambda: PriorLearner(points.astype(np.int64), codes, codebook, seed)
    follow = None if on_epoch is None else (lambda record, _: on_epoch(record))
    train_file(path, identity, begin, should_stop=should_stop, on_epoch=follow)


class PriorLearner(EpochLearner[PriorRecord]):
    """The prior that learns; the factorised one is ready from the start."""

    what: ClassVar[str] = "prior"

    def __init__(
        self, points: Whole, codes: int, codebook: npt.NDArray[np.float32] | None, seed: int
    ) -> None:
        super().__init__(PriorRecord, _EPOCHS)
        rng = np.random.default_rng(seed)
        self.seed, self.codes, self.positions = seed, codes, points.shape[1]
        self.held_out, self.rows = split_rows(points, rng)
        self.smoothing, marginals = fit_marginals(self.rows, self.held_out, codes)
        self.marginals = torch.from_numpy(marginals)
        self.neighbours = torch.from_numpy(earlier_neighbours(self.positions, _RADIUS))
        self.parameters = first_parameters(self.neighbours, codes, codebook, rng)
        self.optimizer = torch.optim.Adam(self.parameters.values(), lr=_LR)
        self.factorised = self.best_nats = self._measure()
        self.best = self._copy()

    def is_done(self) -> bool:
        """Tell whether all epochs are over, or the last few have brought nothing."""
        measured = [self.factorised, *(record.held_out for record in self.history)]
        idle = len(measured) - 1 - int(np.argmin(measured))
        return super().is_done() or idle >= _PATIENCE

    def run_epoch(self, should_stop: Callable[[], bool]) -> PriorRecord:
        """Take some steps; their rows depend on seed and epoch alone, so an epoch can be repeated."""
        epoch, steps, total = self.epoch, self._epoch_steps, 0.0
        rng = np.random.default_rng([self.seed, epoch])
        for step in self.interruptible(range(steps), should_stop):
            total += self._step((epoch + step / steps) / _EPOCHS, rng)
        record = PriorRecord(epoch + 1, total / steps, self._measure())
        if record.held_out < self.best_nats:
            self.best_nats, self.best = record.held_out, self._copy()
        return record

    def tensors(self) -> dict[str, Tensor]:
        """Return what the file keeps: the marginals and the best epoch's network."""
        return {"log_marginals": self.marginals, **self.best}

    def describe(self) -> dict[str, str]:
        """Return how it went and what it ran on, for the file's header."""
        nats = {"factorised": self.factorised, "autoregressive": self.best_nats}
        return {
            "held_out_nats": json.dumps(nats),
            "smoothing": json.dumps(self.smoothing),
            **super().describe(),
        }

    def training_state(self) -> dict[str, Any]:
        """Return the network, the optimiser, and the best network so far."""
        return {
            "parameters": self._copy(),
            "optimizer": self.optimizer.state_dict(),
            "best": self.best,
            "best_nats": self.best_nats,
        }

    def load_training_state(self, state: dict[str, Any]) -> None:
        """Go on from what training_state gave."""
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(state["parameters"][name])
        self.optimizer.load_state_dict(state["optimizer"])
        self.best, self.best_nats = state["best"], state["best_nats"]

    def state_dict(self) -> dict[str, Any]:
        """Return the history and all else that going on needs, on one level."""
        return {"history": super().state_dict()["history"], **self.training_state()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what state_dict gave."""
        super().load_state_dict({"training": state, "history": state["history"]})

    @property
    def _batch_rows(self) -> int:
        return max(_STEP_CODES // self.positions, 1)

    @property
    def _epoch_steps(self) -> int:
        return min(math.ceil(_PASSES * len(self.rows) / self._batch_rows), _STEPS)

    def _step(self, progress: float, rng: np.random.Generator) -> float:
        """One step on random rows; returns their nats a code."""
        for group in self.optimizer.param_groups:
            group["lr"] = _LR * (1 + math.cos(math.pi * progress)) / 2
        rows = torch.from_numpy(self.rows[rng.integers(len(self.rows), size=self._batch_rows)])
        hidden = rng.random((len(rows), *self.neighbours.shape), np.float32) < _DROPOUT
        loss = self._nats(rows, torch.from_numpy(hidden))
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())

    @torch.inference_mode()
    def _measure(self) -> float:
        """Nats a code of the rows held out."""
        hidden = torch.zeros(self.neighbours.shape, dtype=torch.bool)
        batches = torch.from_numpy(self.held_out).split(self._batch_rows)
        total = sum(float(self._nats(rows, hidden)) * len(rows) for rows in batches)
        return total / len(self.held_out)

    def _nats(self, rows: Tensor, hidden: Tensor) -> Tensor:
        """Nats a code of `rows` (n, positions), the neighbours of the mask taken for outside."""
        logits = self.marginals + self._correct(rows, hidden)
        return cross_entropy(logits.flatten(0, 1), rows.flatten())

    def _correct(self, rows: Tensor, hidden: Tensor) -> Tensor:
        """Corrections (n, positions, codes) of all logits; `Context.correct` is its run-time twin."""
        parts = self.parameters
        neighbours = pad(rows, (0, 1), value=self.codes)[:, self.neighbours]
        neighbours = torch.where(hidden, self.codes, neighbours)
        features = pad(parts["features"], (0, 0, 0, 1))[neighbours].flatten(2)
        first = torch.relu(features @ parts["window"] + parts["place"])
        second = torch.relu(first @ parts["mix"] + parts["bias"])
        return second @ parts["output"]

    def _copy(self) -> dict[str, Tensor]:
        return {name: value.detach().clone() for name, value in self.parameters.items()}


def _check(
    points: npt.NDArray[np.integer], codes: int, codebook: npt.NDArray[np.float32] | None
) -> None:
    if codes < 2:
        raise ValueError(f"codes is {codes}: a prior needs at least 2.")
    if points.ndim != 2 or points.dtype.kind not in "iu" or len(points) < 2 or not points.size:
        raise ValueError(
            f"points are {points.dtype} {points.shape}: a prior learns from whole numbers of shape "
            "(n, positions), at least 2 rows."
        )
    check_range(points.astype(np.int64), codes)
    earlier_neighbours(points.shape[1], _RADIUS)
    if codebook is not None and (codebook.ndim != 2 or len(codebook) != codes):
        raise ValueError(
            f"codebook has shape {codebook.shape}: it must be (codes, embedding), one row for each of "
            f"the {codes} codes."
        )


def _identify(
    points: npt.NDArray[np.integer],
    codes: int,
    codebook: npt.NDArray[np.float32] | None,
    seed: int,
    study: str,
) -> dict[str, str]:
    """Write what was asked for as strings: no times, no paths."""
    entries = b"" if codebook is None else _bytes(codebook.astype(np.float32))
    return {
        "format": FORMAT,
        "positions": json.dumps(points.shape[1]),
        "codes": json.dumps(int(codes)),
        "radius": json.dumps(_RADIUS),
        "points_sha256": hashlib.sha256(_bytes(points.astype(np.int64))).hexdigest(),
        "codebook_sha256": hashlib.sha256(entries).hexdigest(),
        "seed": str(seed),
        "study": study,
    }


def _bytes(array: npt.NDArray[Any]) -> bytes:
    return f"{array.shape}".encode() + array.tobytes()
