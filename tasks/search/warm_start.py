"""The two searches of one neuron when epochs start from the one before: a cold one and a warm one.

The warm one may only repeat what the epoch before has found. So both are kept: what looks stable over
training can be checked against a search that knew nothing of it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spikeatlas.tasks.search.reevaluate import Chosen
from spikeatlas.tasks.study.run import Run


class Merged(NamedTuple):
    """Two lanes as one result."""

    best: Chosen
    """The better of the lanes' stimuli; ``seen`` is the cold lane's."""
    search_response: NDArray[np.float32]
    history: NDArray[np.float32]
    """The cold lane's images first, then the warm one's."""
    queries: NDArray[np.int64]
    silent: NDArray[np.bool_]
    saturated: NDArray[np.bool_]
    warm: NDArray[np.bool_]
    """(N * R,) whether the warm lane's is the better one."""


def merge(run: Run, lanes: list[Chosen]) -> Merged:
    """One result of a cold lane and, where there is one, a warm lane; the cold one wins a tie.

    The better one is told by the measurement that chose it within its lane, not by the one that is
    reported: that stays free of any choice.
    """
    cold, warm = lanes[0], lanes[-1]
    sign = run.search.sign
    won = sign * warm.judged > sign * cold.judged

    def pick(ours: NDArray[Any], theirs: NDArray[Any]) -> NDArray[Any]:
        return np.where(won.reshape(-1, *(1,) * (ours.ndim - 1)), theirs, ours)

    best = Chosen(
        pick(cold.point, warm.point), pick(cold.image, warm.image),
        pick(cold.judged, warm.judged), pick(cold.response, warm.response),
        cold.seen, cold.archive,
    )  # fmt: skip
    better = np.fmax if sign > 0 else np.fmin
    later = [better(cold.seen.history[:, -1:], lane.seen.history) for lane in lanes[1:]]
    return Merged(
        best,
        pick(cold.seen.best_response, warm.seen.best_response),
        np.concatenate([cold.seen.history, *later], axis=1),
        np.sum([lane.seen.queries for lane in lanes], axis=0),
        np.all([lane.seen.silent for lane in lanes], axis=0),
        np.all([lane.seen.saturated for lane in lanes], axis=0),
        won,
    )


def lane_arrays(lanes: list[Chosen], warm: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    """The ``cold_*``, ``warm_*`` and ``lane`` variables; a warm lane that was not run is NaN and 0."""
    arrays: dict[str, NDArray[Any]] = {"lane": warm.astype(np.uint8)}
    for place, name in enumerate(("cold", "warm")):
        lane = lanes[min(place, len(lanes) - 1)]
        ran = place < len(lanes)
        arrays[f"{name}_response"] = lane.response if ran else np.full_like(lane.response, np.nan)
        arrays[f"{name}_mei"] = lane.image if ran else np.zeros_like(lane.image)
        arrays[f"{name}_latent"] = lane.point if ran else np.zeros_like(lane.point)
    return arrays
