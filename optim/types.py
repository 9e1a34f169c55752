"""Values of a search: the problem, the options, a batch of proposals, the result."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from spikeatlas.optim.checks import whole
from spikeatlas.optim.spaces import Indices, Points, Space
from spikeatlas.optim.student import Student

if TYPE_CHECKING:
    from typing import Self

State: TypeAlias = dict[str, Any]
Scores: TypeAlias = npt.NDArray[np.float32]


def packed(array: npt.NDArray[Any]) -> torch.Tensor:
    """Copy an array into a tensor, the form that torch reads back without executing code."""
    return torch.from_numpy(np.array(array))


def unpacked(tensor: torch.Tensor) -> npt.NDArray[Any]:
    """Copy a tensor of a state back into an array."""
    return np.array(tensor.numpy())


RATES = (0.0, 1.0)
"""Ends of spike rates."""


@dataclass(frozen=True)
class Problem:
    """The task of a search: N neurons' stimuli in a space, within `budget` images a neuron.

    `seeds` holds one non-negative integer a neuron. With `share` every neuron uses the responses to
    all images; otherwise the neurons are isolated. `sign` 1 maximises the response, -1 minimises.
    `starts` (N, m, d), where given, are points a method may start from, m for each neuron (the best of
    an earlier epoch); `pool` (k, d), latents of natural images. Both are for the methods that say so.
    `adaptive` lets the method spend more than `budget` on a neuron and less on another, which only
    neurons that share their images can. `ends`: the lowest and the highest response that there can be, None where
    there is no end. `student`: a model that proposes points, for the methods that ask one; it is no part of the identity.
    """

    space: Space
    seeds: tuple[int, ...]
    budget: int
    share: bool = False
    sign: int = 1
    starts: Points | None = field(default=None, compare=False)
    pool: Points | None = field(default=None, compare=False)
    adaptive: bool = False
    ends: tuple[float | None, float | None] = RATES
    student: Student | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        whole("budget", self.budget, 1)
        if not self.seeds or min(self.seeds) < 0:
            raise ValueError(f"seeds are {self.seeds}; give one non-negative integer a neuron")
        if self.sign not in (1, -1):
            raise ValueError(f"sign is {self.sign!r}; it must be 1 (maximise) or -1 (minimise)")
        if self.adaptive and not self.share:
            raise ValueError(
                "allocation is 'adaptive', but share is false: isolated neurons have their own budget; "
                "set share: true, or allocation: fixed"
            )
        if self.starts is not None and (self.starts.ndim != 3 or not self.starts.shape[1]):
            raise ValueError(f"starts have shape {self.starts.shape}; it must be (N, m, d), m >= 1")
        if self.starts is not None and len(self.starts) != self.neurons:
            raise ValueError(
                f"starts are for {len(self.starts)} neurons, seeds for {self.neurons}; give as many"
            )
        self._check_points("starts", self.starts)
        self._check_points("pool", self.pool)

    def _check_points(self, name: str, points: Points | None) -> None:
        if points is not None and not self.space.contains(_flat(points)).all():
            raise ValueError(f"{name} hold points that are not in the space; give only such")

    @property
    def neurons(self) -> int:
        """Number of neurons N."""
        return len(self.seeds)

    @property
    def best_score(self) -> float:
        """The score (sign * response) above which there is none; infinite where there is no end."""
        end = self.ends[1] if self.sign > 0 else self.ends[0]
        return np.inf if end is None else self.sign * end

    def identity(self) -> dict[str, str]:
        """Return each field as a string, arrays by their digest."""
        names = [part.name for part in fields(self) if part.name != "student"]
        return {name: _identity(getattr(self, name)) for name in names}


def _flat(points: Points) -> Points:
    return points.reshape(-1, points.shape[-1])


def _identity(value: object) -> str:
    if isinstance(value, np.ndarray):
        return hashlib.sha256(value.tobytes()).hexdigest()
    return repr(value)


@dataclass(frozen=True)
class Options:
    """Options of every method: `batch` (>= 1), the images a neuron that one ask proposes.

    A method with more of them derives a frozen dataclass from this one; each field is an option that a
    study may set, checked in `__post_init__` (ValueError).
    """

    batch: int = 10

    def __post_init__(self) -> None:
        whole("batch", self.batch, 1)

    @property
    def minimum_budget(self) -> int:
        """Fewest images a neuron with which the method can work."""
        return 1


@dataclass(frozen=True)
class Batch:
    """Proposals: `points` (k, d), the neuron each was proposed for, its number in the search.

    `owner` (k,) int64 is -1 where a point was proposed for all neurons (only when sharing).
    `slot` (k,) int64 counts the search's proposals from 0; it identifies a row when it is told.
    """

    points: Points
    owner: Indices
    slot: Indices

    def __len__(self) -> int:
        return len(self.slot)

    def take(self, rows: npt.NDArray[Any] | slice) -> Self:
        """Copy the rows given by a slice, a mask (k,) or row numbers."""
        arrays = (getattr(self, part.name)[rows].copy() for part in fields(self))
        return type(self)(*arrays)

    def join(self, other: Batch) -> Self:
        """Copy the rows of both, this batch's first."""
        pairs = ((getattr(self, part.name), getattr(other, part.name)) for part in fields(self))
        return type(self)(*(np.concatenate(pair) for pair in pairs))

    def state_dict(self) -> State:
        """Return the fields as tensors, by name."""
        return {part.name: packed(getattr(self, part.name)) for part in fields(self)}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Make the batch of a `state_dict`."""
        return cls(**{name: unpacked(tensor) for name, tensor in state.items()})

    @classmethod
    def empty(cls, space: Space) -> Self:
        """Make a batch without rows."""
        none = np.empty(0, dtype=np.int64)
        return cls(np.empty((0, space.dim), dtype=space.dtype), none, none)


@dataclass(frozen=True)
class Result:
    """The outcome of a search for each of N neurons.

    `best_point` (N, d) and `best_response` (N,) float32, NaN where nothing was measured (the point
    is then the first proposal). `history` (N, B) float32: the best response after b * N images in
    total when sharing, after b own images otherwise, in the order of proposal; NaN before the first
    measurement. `queries` (N,) int64: images answered for the neuron, images proposed for all being
    divided evenly (rounded up). `lowest` and `highest` (N,) float32: the responses' range.
    """

    best_point: Points
    best_response: Scores
    history: Scores
    queries: Indices
    lowest: Scores
    highest: Scores

    def of(self, searches: slice) -> Self:
        """Return the outcome for some of the neurons."""
        return type(self)(*(getattr(self, part.name)[searches] for part in fields(self)))

    def always(self, value: float) -> npt.NDArray[np.bool_]:
        """Neurons (N,) that were measured and answered every image with ``value``; 0: they are silent."""
        always: npt.NDArray[np.bool_] = (self.lowest == value) & (self.highest == value)
        return always
