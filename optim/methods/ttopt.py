"""TTOpt: optimisation by alternating cross interpolation, for all neurons at once.

Sozykin et al., NeurIPS 2022 (arXiv 2205.00293). A point is a row of modes. For each bond between
two modes a few continuations to one side are members; all their combinations around one mode, a core,
are shown, the combinations that matter are the members of the next bond, and so on, back and forth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.base import Maximizer, in_turn
from spikeatlas.optim.checks import whole
from spikeatlas.optim.methods.populations import split_by_owner
from spikeatlas.optim.methods.tt import modes_of, modes_problems
from spikeatlas.optim.spaces import Indices, Points
from spikeatlas.optim.types import Batch, Options, Problem, Scores, State, packed, unpacked

Numbers = npt.NDArray[np.float64]
_BOOKS = ("_value", "_link", "_table", "_unknown")


@dataclass(frozen=True)
class TTOptOptions(Options):
    """Options of the cross interpolation.

    `batch`: most images a neuron that one ask proposes of a core. `rank` (1 or 2): continuations
    kept to each side of a core; a sweep shows about rank^2 images for each value of each mode.
    `quantize`: turn an axis into a mode for each prime factor of its levels, q binary ones for 2^q levels, the
    least significant first.
    """

    rank: int = 2
    quantize: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("rank", self.rank, 1, 2)
        if self.quantize not in (True, False):
            raise ValueError(f"quantize is {self.quantize!r}; it must be true or false")


class CrossSearch(Maximizer):
    """Sweeps over the cores of each neuron's cross interpolation, started at random.

    What the core before has shown is not shown again. With rank 2 the kept combinations are those
    of the largest volume, the one of the highest response being among them, of the scores above the
    core's lowest (so that a large volume means high responses, whatever the sign). What was not
    measured counts as the lowest; ties, and so the choices of silent neurons, are drawn.
    Needs a space with levels: ValueError for a continuous one.
    """

    preset = TTOptOptions()

    def __init__(self, problem: Problem, options: TTOptOptions) -> None:
        super().__init__(problem, options)
        self._rank = options.rank
        self._modes = modes_of(problem.space, quantize=options.quantize)
        modes, sizes = self._modes.count, np.array(self._modes.sizes)
        # member c of bond b (between modes b - 1 and b) is a value of the mode beside it and a member
        # of the next bond: of mode b - 1 and bond b - 1 up to the core, of mode b and bond b + 1 after
        shape = (problem.neurons, modes + 1, self._rank)
        self._value, self._link = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        first = np.stack([rng.integers(sizes) for rng in self._rngs])
        steps = np.stack([rng.integers(1, sizes) for rng in self._rngs])
        for member in range(self._rank):  # distinct in every mode
            self._value[:, :modes, member] = (first + member * steps) % sizes
            self._link[:, : modes - 1, member] = member
        self._core, self._direction = 0, 1
        self._table = np.full((problem.neurons, 1, sizes[0], self._members(1)), np.nan)
        self._unknown = self._find_unknown()
        self._position = 0  # in `_unknown`: the cells before it were proposed

    @classmethod
    def problems(cls, problem: Problem, options: Any) -> list[str]:
        """Say that the space has no modes."""
        return modes_problems(problem.space) + super().problems(problem, options)

    def _members(self, bond: int) -> int:
        """Return the number of members of a bond; at the ends there is nothing to continue."""
        return self._rank if 0 < bond < self._modes.count else 1

    def _find_unknown(self) -> Indices:
        """Find the cells (N, m) of the flattened table that hold no score: as many for each neuron."""
        flat = np.isnan(self._table.reshape(len(self._table), -1))
        return np.nonzero(flat)[1].reshape(len(flat), -1)

    def _propose(self) -> tuple[Points, Indices]:
        if self._position == self._unknown.shape[1]:
            self._advance()
        cells = self._unknown[:, self._position : self._position + self.options.batch]
        self._position += cells.shape[1]
        rows, owner = in_turn(self._expand(cells))
        return self.problem.space.from_indices(self._modes.join(rows)), owner

    def _expand(self, cells: Indices) -> Indices:
        """Return the mode values (N, k, modes) of cells (N, k) of the table."""
        core, modes = self._core, self._modes.count
        before, middle, after = np.unravel_index(cells, self._table.shape[1:])
        neurons = np.arange(len(cells))[:, None]
        values = np.empty((*cells.shape, modes), dtype=np.int64)
        values[..., core] = middle
        for bond in range(core, 0, -1):
            values[..., bond - 1] = self._value[neurons, bond, before]
            before = self._link[neurons, bond, before]
        for bond in range(core + 1, modes):
            values[..., bond] = self._value[neurons, bond, after]
            after = self._link[neurons, bond, after]
        return values

    def _learn(self, generation: Batch, scores: Scores) -> None:
        _, values = split_by_owner(generation, scores)
        first = (self._position - 1) // self.options.batch * self.options.batch
        cells = self._unknown[:, first : first + values.shape[1]]
        flat = self._table.reshape(len(values), -1)
        np.put_along_axis(flat, cells, values, axis=1)

    def _advance(self) -> None:
        """Go on to the next core with unknown cells; once around, show one again."""
        self._table[np.isnan(self._table)] = -np.inf  # lost
        for _ in range(2 * self._modes.count):
            if self._modes.count > 1:
                self._step()
            self._unknown = self._find_unknown()
            if self._unknown.shape[1]:
                break
        else:
            self._table[:] = np.nan
            self._unknown = self._find_unknown()
        self._position = 0

    def _step(self) -> None:
        """Choose the members that matter of the bond ahead and move to the core behind it."""
        if not 0 <= self._core + self._direction < self._modes.count:
            self._direction = -self._direction
        ahead = self._direction > 0
        # in the direction of the sweep: behind x values x ahead
        table = self._table if ahead else self._table.transpose(0, 3, 2, 1)
        neurons, behind, size, _ = table.shape
        rows = table.reshape(neurons, behind * size, -1)
        ties = np.stack([rng.random(behind * size) for rng in self._rngs])
        members = _dominant(rows, ties)[:, : rows.shape[2]]
        bond = self._core + (1 if ahead else 0)
        old_value, old_link = self._value[:, bond].copy(), self._link[:, bond].copy()
        count = members.shape[1]
        self._link[:, bond, :count], self._value[:, bond, :count] = np.divmod(members, size)
        self._core += self._direction
        beyond = self._members(self._core + (1 if ahead else 0))
        following = np.full((neurons, count, self._modes.sizes[self._core], beyond), np.nan)
        neuron, member = np.ogrid[:neurons, :count]
        for column in range(rows.shape[2]):
            value, link = old_value[:, [column]], old_link[:, [column]]
            following[neuron, member, value, link] = rows[neuron, members, column]
        self._table = following if ahead else following.transpose(0, 3, 2, 1).copy()

    def _state(self) -> State:
        books = {name: packed(getattr(self, name)) for name in _BOOKS}
        return {
            "core": self._core,
            "direction": self._direction,
            "position": self._position,
            **books,
        }

    def _load(self, state: State) -> None:
        self._core, self._direction = state["core"], state["direction"]
        self._position = state["position"]
        for name in _BOOKS:
            setattr(self, name, unpacked(state[name]))


def _dominant(rows: Numbers, ties: Numbers) -> Indices:
    """Find two of the rows (N, R, C <= 2): that of the highest score, and of most volume with it.

    `ties` (N, R) decides between equals.
    """
    lowest = np.where(np.isfinite(rows), rows, np.inf).min(axis=(1, 2), keepdims=True)
    heights = np.where(np.isfinite(rows), rows - np.where(np.isfinite(lowest), lowest, 0), 0)
    tops = heights.max(axis=2)
    first = _last_sorted(tops, ties)
    top = np.take_along_axis(heights, first[:, None, None], axis=1)
    volumes = np.abs(heights[..., 0] * top[..., -1] - heights[..., -1] * top[..., 0])
    np.put_along_axis(volumes, first[:, None], -1, axis=1)
    second = _last_sorted(volumes, tops, ties)
    return np.stack([first, second], axis=1)


def _last_sorted(*keys: Numbers) -> Indices:
    """Find, in each row, the column of the largest first key, among equals of the next, and so on."""
    candidates = np.ones(keys[0].shape, dtype=bool)
    for key in keys:
        values = np.where(candidates, key, -np.inf)
        candidates &= values == values.max(axis=1, keepdims=True)
    column: Indices = candidates.argmax(axis=1)
    return column
