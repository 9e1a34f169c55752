"""The rows of the table in which one method is held against others that had other numbers of images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import xarray as xr

from spikeatlas.tasks.benchmark.cells import MAIN
from spikeatlas.tasks.benchmark.matrix import DuelSpec, PursuitSpec
from spikeatlas.tasks.benchmark.scoring import scores
from spikeatlas.tasks.benchmark.scoring.statistics import Floats, mean, median
from spikeatlas.tasks.benchmark.scoring.target_row import (
    TargetCase,
    TargetRow,
    as_numbers,
    comparison_note,
    mode_of,
    summed,
)


def duel_rows(
    results: xr.Dataset, duels: Iterable[DuelSpec], pursuits: Iterable[PursuitSpec]
) -> Iterator[TargetRow]:
    """Yield a row for each duel and pursuit, on the main group."""
    main = scores.per_neuron(results, MAIN)
    for duel in duels:
        yield summed(main, _duel(main, duel))
    for pursuit in pursuits:
        yield summed(main, _pursuit(main, pursuit))


def _duel(main: xr.Dataset, duel: DuelSpec) -> TargetCase:
    response = scores.of(main, "response", duel.subject, share=duel.share)
    rivals = [_response(main, rival, duel.images, share=duel.share) for rival in duel.rivals]
    other = np.fmax.reduce(rivals, axis=0)
    lower = as_numbers(response < other, response - other)

    def good(higher: float) -> bool:
        enough = duel.higher is None or higher >= duel.higher
        return enough and (duel.lower is None or mean(lower[~np.isnan(lower)]) <= duel.lower)

    judged = duel.higher is not None or duel.lower is not None
    return TargetCase(
        f"{mode_of(duel.subject, duel.share)}: higher than {_names(duel)}",
        _wanted(duel),
        as_numbers(response > other, response - other),
        mean,
        good if judged else None,
        response < other,
        comparison_note(main, response, other),
    )


def _response(main: xr.Dataset, label: str, images: int | None, *, share: bool) -> Floats:
    """Return a rival's responses (unit,) after so many images a neuron, or at its end."""
    if images is None or images >= main.sizes["query"]:
        return scores.of(main, "response", label, share=share)
    return scores.of(main, "history", label, share=share)[..., images - 1]


def _names(duel: DuelSpec) -> str:
    names = ", ".join(duel.rivals)
    best = f"the best of {names}" if len(duel.rivals) > 1 else names
    return f"{best} at {duel.images} images" if duel.images else best


def _wanted(duel: DuelSpec) -> str:
    parts = []
    if duel.higher is not None:
        parts.append(f">= {100 * duel.higher:g} %")
    if duel.lower is not None:
        parts.append(f"lower on <= {100 * duel.lower:g} %")
    return ", ".join(parts) or "reported"


def _pursuit(main: xr.Dataset, pursuit: PursuitSpec) -> TargetCase:
    level = scores.of(main, "response", pursuit.rival, share=pursuit.share)
    history = scores.of(main, "history", pursuit.subject, share=pursuit.share)
    reached = np.where(np.isnan(history[:, 0]), np.nan, scores.images_to(history, level))
    return TargetCase(
        f"{mode_of(pursuit.subject, pursuit.share)}: images to where {pursuit.rival} ends",
        f"<= {pursuit.images}",
        reached,
        median,
        lambda value: value <= pursuit.images,
        np.isinf(reached),
        f"never on {int(np.isinf(reached).sum())} of {int((~np.isnan(reached)).sum())} neurons",
    )
