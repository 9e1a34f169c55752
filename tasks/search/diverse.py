"""Stimuli that drive a neuron nearly as much as its MEI and look as different as possible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import Points
from spikeatlas.tasks.search.archive import Archive, different
from spikeatlas.tasks.search.block_probe import BlockProbe
from spikeatlas.tasks.search.reevaluate import Optima

NEARLY = 0.85
"""Least share of the MEI's response that a diverse stimulus must reach."""

CANDIDATES = 512
"""Most stimuli of a search that are decoded to choose from."""

SPARE = 4
"""With a stochastic coding, so many times as many are measured as the study asks for: some will fail."""


def find_diverse(
    probe: BlockProbe, best: Optima, archives: Sequence[Archive], count: int
) -> dict[str, NDArray[Any]]:
    """Return the ``diverse*`` variables of N * R searches: at most ``count`` stimuli of each.

    ``archives``: of all the searches (a cold one, a warm one) that ``best`` is the result of.
    Candidates are those that the search saw answered well enough; they are taken greedily, each the
    farthest (in pixels) from the MEI and all taken before. Every one is measured afresh and must
    reach the share of the MEI's response itself.
    """
    run, sign = probe.run, probe.objective.sign
    most = count * (SPARE if run.stochastic else 1)
    shape, dim = best.image.shape[1:], best.point.shape[1]
    points = np.zeros((len(best.point), most, dim), best.point.dtype)
    images = np.zeros((len(best.point), most, *shape), np.uint8)
    counts = np.zeros(len(best.point), np.int64)
    ranked = [archive.ranked(sign) for archive in archives]
    for search, response in enumerate(best.response):
        near = candidates([archive[search] for archive in ranked], float(response), sign)
        stimuli = probe.decode(near)
        rows = farthest_first(best.image[search], stimuli, most)
        counts[search] = len(rows)
        points[search, : len(rows)], images[search, : len(rows)] = near[rows], stimuli[rows]
    responses = probe.respond_own("report", images)
    responses[np.arange(most) >= counts[:, None]] = np.nan
    reached = reaches(responses, best.response[:, None], sign)
    return _packed(points, images, responses, reached, count)


def reaches(
    response: NDArray[np.float32], best: NDArray[np.float32] | float, sign: int
) -> NDArray[np.bool_]:
    """Return True where responses come near enough to the best; nothing is near that of a silent neuron.

    For ``sign`` -1 the best is the lowest, and near is at most 1 / 0.85 of it.
    """
    near = response >= NEARLY * best if sign > 0 else response <= best / NEARLY
    alive = np.asarray(best) > 0
    return np.asarray(near & alive if sign > 0 else near)


def candidates(
    ranked: Sequence[tuple[Points, NDArray[np.float32]]], best: float, sign: int
) -> Points:
    """Return at most 512 different points (k, d) whose responses reach the share: the best, and a spread.

    ``ranked``: of a neuron's cold search and its warm one, points best first with their responses.
    """
    points = np.concatenate([points for points, _ in ranked])
    responses = np.concatenate([responses for _, responses in ranked])
    rows = np.flatnonzero(reaches(responses, best, sign))
    rows = rows[np.argsort(-sign * responses[rows], kind="stable")]
    rows = rows[different(points[rows])]
    half = CANDIDATES // 2
    if len(rows) > CANDIDATES:
        spread = np.linspace(half, len(rows) - 1, CANDIDATES - half).astype(np.int64)
        rows = np.concatenate([rows[:half], rows[spread]])
    return points[rows]


def farthest_first(first: NDArray[np.uint8], images: NDArray[np.uint8], count: int) -> list[int]:
    """Return the rows of at most ``count`` of the images (k, c, h, w), each the farthest from all before it.

    The distance is Euclidean, in pixels, to the nearest of ``first`` and the rows taken before; an
    image that equals one of these is none to take.
    """
    flat = images.reshape(len(images), first.size).astype(np.float32)
    nearest = np.square(flat - first.reshape(-1).astype(np.float32)).sum(axis=1)
    rows: list[int] = []
    while len(rows) < min(count, len(images)):
        row = int(nearest.argmax())
        if nearest[row] == 0:
            break
        rows.append(row)
        nearest = np.minimum(nearest, np.square(flat - flat[row]).sum(axis=1))
    return rows


def _packed(
    points: Points,
    images: NDArray[np.uint8],
    responses: NDArray[np.float32],
    reached: NDArray[np.bool_],
    most: int,
) -> dict[str, NDArray[Any]]:
    """Return the stimuli that reached the share, at most ``most`` of each search."""
    searches = len(points)
    arrays: dict[str, NDArray[Any]] = {
        "diverse": np.zeros((searches, most, *images.shape[2:]), np.uint8),
        "diverse_latent": np.zeros((searches, most, points.shape[2]), points.dtype),
        "diverse_response": np.full((searches, most), np.nan, np.float32),
        "diverse_count": np.zeros(searches, np.int32),
    }
    for search in range(searches):
        rows = np.flatnonzero(reached[search])[:most]
        arrays["diverse"][search, : len(rows)] = images[search, rows]
        arrays["diverse_latent"][search, : len(rows)] = points[search, rows]
        arrays["diverse_response"][search, : len(rows)] = responses[search, rows]
        arrays["diverse_count"][search] = len(rows)
    return arrays
