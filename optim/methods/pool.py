"""Search among the points of a pool: the baseline of looking through natural images."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeatlas.optim.base import Maximizer
from spikeatlas.optim.spaces import Indices, Points
from spikeatlas.optim.types import Options, Problem, State


class PoolSearch(Maximizer):
    """Search among the points of `Problem.pool`, in an order drawn from each neuron's seed.

    No point comes twice for a neuron. With sharing every point is for all neurons, and where the
    pool has fewer than budget * N points its order is gone through again.
    Raises ValueError where no pool is given or it has fewer points than the budget.
    """

    uses_pool = True

    def __init__(self, problem: Problem, options: Options) -> None:
        super().__init__(problem, options)
        self._pool = np.array(problem.pool, dtype=problem.space.dtype)
        count = len(self._pool)
        length = problem.budget * problem.neurons if problem.share else problem.budget
        rngs = [self._common_rng] if problem.share else self._rngs
        orders = [rng.choice(count, min(length, count), replace=False) for rng in rngs]
        self._orders = np.stack(orders)  # (N, budget), or (1, the budget of all) when sharing
        self._position = 0  # in the orders

    @classmethod
    def problems(cls, problem: Problem, options: Any) -> list[str]:
        """Say that there is no pool, or one with fewer points than the budget."""
        if problem.pool is None:
            return [
                (
                    "no pool is given, but the method proposes the points of one; give the latents of "
                    "natural images (a generator that can encode them), or choose another method"
                )
            ]
        if len(problem.pool) < problem.budget:
            return [
                (
                    f"the pool has {len(problem.pool)} points, the budget is {problem.budget} images a neuron; "
                    "lower the budget or give more natural images"
                )
            ]
        return super().problems(problem, options)

    def _propose(self) -> tuple[Points, Indices]:
        orders, length = self._orders, self._orders.shape[1]
        owners = np.full(1, -1) if self.problem.share else np.arange(len(orders))
        count = self.options.batch * (self.problem.neurons if self.problem.share else 1)
        columns = (self._position + np.arange(count)) % length
        self._position += count
        return self._pool[orders[:, columns].T.ravel()], np.tile(owners, count)

    def _state(self) -> State:
        return {"position": self._position}

    def _load(self, state: State) -> None:
        self._position = state["position"]
