"""The cold and the warm search of one neuron, where epochs start from the one before.

The warm one may only repeat what the epoch before has found. So both are kept: what looks stable over
training can be checked against a search that knew nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import Points, uses_pool, uses_screening
from spikeatlas.snn.subjects import Unit
from spikeatlas.tasks.atlas import read
from spikeatlas.tasks.search.block_probe import BlockProbe
from spikeatlas.tasks.search.loop import Searches, listening_of, run_search
from spikeatlas.tasks.search.reevaluate import Optima, find_optima
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.search_entries import SearchEntry
from spikeatlas.tasks.workers import models

Arrays = dict[str, NDArray[Any]]


def search_cold_and_warm(
    probe: BlockProbe, entry: SearchEntry, repeats: tuple[int, ...]
) -> list[Optima]:
    """Run an entry's cold searches of some repeats and, where the study starts warm, the warm ones.

    AtlasError where the epoch before, from which these start, is not finished.
    """
    run = probe.run
    before = read.epoch_before(run.atlas, probe.epoch) if run.search.warm_start else None
    budgets = run.budgets(first=before is None)
    cold = _search(probe, "search", entry.method, repeats, budgets[0])
    if before is None:
        return [cold]
    starts = probe.latents(before, entry.label, repeats).astype(cold.point.dtype)
    return [cold, _search(probe, "warm", entry.method, repeats, budgets[1], starts)]


def _search(
    probe: BlockProbe,
    purpose: str,
    method: str,
    repeats: tuple[int, ...],
    budget: int,
    starts: Points | None = None,
) -> Optima:
    run = probe.run
    maximizer = run.search.method(method)
    listening = listening_of(maximizer, share=run.search.share)
    searches = Searches(
        maximizer,
        probe.seeds(purpose, method, repeats),
        budget,
        share=run.search.share,
        allocation=run.search.allocation,
        options=run.search.options_of(method),
        starts=starts,
        pool=models.natural_points(run) if uses_pool(maximizer) else None,
        # a screening belongs to one repeat
        screening=probe.screening(repeats[0], listening) if uses_screening(maximizer) else None,
        archived=keeps_archive(run),
        ends=probe.ends,
    )
    return find_optima(probe, run_search(probe, searches), stochastic=run.stochastic)


def keeps_archive(run: Run) -> bool:
    """Return True where more than the best of what a search has shown is needed later."""
    return run.stochastic or run.search.diverse > 0


class Merged(NamedTuple):
    """A cold and a warm search as one result; N * R searches, a row each."""

    best: Optima
    """The better stimuli of the two; their ``outcome`` is the cold search's."""
    search_response: NDArray[np.float32]
    history: NDArray[np.float32]
    """The cold search's images first, then the warm one's."""
    queries: NDArray[np.int64]
    lowest: NDArray[np.float32]
    """Smallest response to anything that was shown; NaN where nothing was measured."""
    highest: NDArray[np.float32]
    warm: NDArray[np.bool_]
    """(N * R,) True where the warm search's stimulus is the better one."""
    drive: NDArray[np.float32] | None
    """(N * R,) largest drive by anything that was shown; None where nobody asked for it."""


def merge(searches: Sequence[Optima], sign: int) -> Merged:
    """Merge a cold search and, where there is one, a warm search; the cold one wins a tie.

    They are compared by the measurement that chose each one's stimulus, not by the one that is
    reported: that stays free of any choice.
    """
    cold, warm = searches[0], searches[-1]
    warmer = sign * warm.value > sign * cold.value

    def better(of_cold: NDArray[Any], of_warm: NDArray[Any]) -> NDArray[Any]:
        return np.where(warmer.reshape(-1, *(1,) * (of_cold.ndim - 1)), of_warm, of_cold)

    best = Optima(
        better(cold.point, warm.point),
        better(cold.image, warm.image),
        better(cold.value, warm.value),
        better(cold.response, warm.response),
        cold.outcome,
    )
    results = [optima.outcome.result for optima in searches]
    return Merged(
        best,
        better(results[0].best_response, results[-1].best_response),
        _joined([result.history for result in results], sign),
        np.sum([result.queries for result in results], axis=0),
        np.min([result.lowest for result in results], axis=0),
        np.max([result.highest for result in results], axis=0),
        warmer,
        _largest([optima.outcome.drive for optima in searches]),
    )


def _largest(drives: Sequence[NDArray[np.float32] | None]) -> NDArray[np.float32] | None:
    measured = [drive for drive in drives if drive is not None]
    return np.max(measured, axis=0) if measured else None


def _joined(histories: Sequence[NDArray[np.float32]], sign: int) -> NDArray[np.float32]:
    """Return the best so far over the images of one search, then of the next."""
    cold, best = histories[0], np.fmax if sign > 0 else np.fmin
    later = [best(cold[:, -1:], history) for history in histories[1:]]
    return np.concatenate([cold, *later], axis=1)


def start_arrays(
    searches: Sequence[Optima], warm: NDArray[np.bool_], unit: Unit, sign: int
) -> Arrays:
    """Return the ``cold_*``, ``warm_*`` and ``lane`` variables; NaN and 0 of a warm search that was not run.

    A search of the most exciting image that nothing answered has no image either, where nothing is below 0.
    """
    silence = sign > 0 and unit.bottom == 0
    arrays: Arrays = {"lane": warm.astype(np.uint8)}
    for number, name in enumerate(("cold", "warm")):
        optima = searches[min(number, len(searches) - 1)]
        ran = number < len(searches)
        response = optima.response
        arrays[f"{name}_response"] = response if ran else np.full_like(response, np.nan)
        answered = ran & ((response != 0) | (not silence))
        arrays[f"{name}_mei"] = optima.image * answered[:, None, None, None].astype(np.uint8)
        arrays[f"{name}_latent"] = optima.point if ran else np.zeros_like(optima.point)
    return arrays
