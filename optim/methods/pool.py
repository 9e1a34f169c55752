"""Search among given points: the baseline of looking through natural images."""

from __future__ import annotations

import numpy as np

from spikeatlas.optim.base import Maximizer
from spikeatlas.optim.spaces.space import Indices, Points
from spikeatlas.optim.types import Options, Problem, State


class PoolSearch(Maximizer):
    """Proposes the points of `Problem.pool`, each neuron's in an order drawn from its own seed.

    No point comes twice for a neuron. With sharing every point is for all neurons, and where the
    pool has fewer than budget * N points its order is gone through again.
    Raises ValueError where no pool is given or it has fewer points than the budget.
    """

    def __init__(self, problem: Problem, options: Options) -> None:
        super().__init__(problem, options)
        if problem.pool is None:
            raise ValueError(
                "no pool is given, but the method proposes the points of one; give the latents of "
                "natural images (a generator that can encode them), or choose another method"
            )
        self._pool = np.array(problem.pool, dtype=problem.space.dtype)
        count = len(self._pool)
        if count < problem.budget:
            raise ValueError(
                f"the pool has {count} points, the budget is {problem.budget} images a neuron; "
                "lower the budget or give more natural images"
            )
        needed = problem.budget * problem.neurons if problem.share else problem.budget
        rngs = [self._common_rng] if problem.share else self._rngs
        draws = [rng.choice(count, min(needed, count), replace=False) for rng in rngs]
        self._orders = np.stack(draws)  # (N, budget), or (1, all that is needed) when sharing
        self._shown = 0  # places of the orders gone through, by an order

    def _propose(self) -> tuple[Points, Indices]:
        orders, length = self._orders, self._orders.shape[1]
        owners = np.full(1, -1) if self.problem.share else np.arange(len(orders))
        count = self.options.batch * (self.problem.neurons if self.problem.share else 1)
        places = (self._shown + np.arange(count)) % length
        self._shown += count
        return self._pool[orders[:, places].T.ravel()], np.tile(owners, count)

    def _state(self) -> State:
        return {"shown": self._shown}

    def _load(self, state: State) -> None:
        self._shown = state["shown"]
