"""The race of the searches over made-up neurons, beside one ridge regression whose best image is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from spikeatlas.flows.benchmark.landscapes import FAMILIES, POSITIONS, Landscape
from spikeatlas.optim import Indices, make_maximizer
from spikeatlas.tasks.benchmark.scoring.statistics import interval, mean
from spikeatlas.tasks.inspect.text import as_text

Floats = NDArray[np.float64]

SUBJECT, REGRESSION = "screened", "ridge"
METHODS = (SUBJECT, "ga", "random", "tt-b", "ttopt")
IMAGES = (100, 1000)
NEURONS, SEEDS = 8, 6
_PENALTY = 1.0


def race_landscapes() -> Iterator[str]:
    """Yield a table for isolated neurons, then one for those that share."""
    for share in (False, True):
        yield as_text(table_of({name: _results(name, share) for name in FAMILIES}, share=share))


def table_of(results: Mapping[str, Mapping[int, Mapping[str, Floats]]], *, share: bool) -> Table:
    """Return a row for each family and number of images: mean responses, and how the subject differs from each rival."""
    rivals = (*METHODS[1:], REGRESSION)
    title = f"highest response, 1 is the optimum; {NEURONS} neurons x {SEEDS} seeds, {'sharing' if share else 'alone'}"
    columns = [f"{rival} (difference, 95 % interval)" for rival in rivals]
    table = Table("family", "images", SUBJECT, *columns, title=title)
    for name, by_images in results.items():
        for images, rows in by_images.items():
            cells = [_cell(rows[SUBJECT], rows[rival]) for rival in rivals]
            table.add_row(name, str(images), f"{rows[SUBJECT].mean():.2f}", *cells)
    return table


def _cell(subject: Floats, rival: Floats) -> str:
    """Return a rival's mean, and the subject's difference to it; responses are (seeds, neurons)."""
    difference = (subject - rival).ravel()
    seeds = np.repeat(np.arange(len(subject)), subject.shape[1])
    low, high = interval(difference, seeds, mean)
    mark = " LOST" if high < 0 else " won" if low > 0 else ""
    return f"{rival.mean():.2f} ({difference.mean():+.2f}, {low:+.2f} to {high:+.2f}{mark})"


def _results(name: str, share: bool) -> dict[int, dict[str, Floats]]:
    """Return, by images and method, the highest responses (seeds, neurons)."""
    results: dict[int, dict[str, Floats]] = {}
    for images in IMAGES:
        rows = {method: np.empty((SEEDS, NEURONS)) for method in (*METHODS, REGRESSION)}
        for seed in range(SEEDS):
            landscape = FAMILIES[name](np.random.default_rng([seed, len(name)]), NEURONS)
            for method in METHODS:
                rows[method][seed] = search(landscape, method, images, seed, share=share)
            rows[REGRESSION][seed] = regress(landscape, images, seed, share=share)
        results[images] = rows
    return results


def search(landscape: Landscape, method: str, images: int, seed: int, *, share: bool) -> Floats:
    """Return the highest responses (N,) that a method finds with so many images a neuron."""
    count = landscape.values(np.zeros((1, POSITIONS), np.int64)).shape[1]
    maximizer = make_maximizer(
        method,
        landscape.space,
        seeds=[1000 * seed + neuron for neuron in range(count)],
        budget=images,
        share=share,
        ends=(None, None),
    )
    while not maximizer.done:
        batch = maximizer.ask()
        maximizer.tell(batch, landscape.values(batch.points.astype(np.int64)).astype(np.float32))
    best = maximizer.result().best_point.astype(np.int64)
    return np.asarray(landscape.values(best).diagonal())


def regress(landscape: Landscape, images: int, seed: int, *, share: bool) -> Floats:
    """Return the highest responses (N,) among random images and the best one by a ridge regression on them."""
    rng = np.random.default_rng([seed, 7])
    count = landscape.values(np.zeros((1, POSITIONS), np.int64)).shape[1]
    draws = (images - 1) * (count if share else 1)
    groups = 1 if share else count
    best = np.empty(count)
    for group in range(groups):
        points = landscape.space.sample(rng, draws).astype(np.int64)
        neurons: Sequence[int] = range(count) if share else [group]
        responses = landscape.values(points)[:, list(neurons)]
        guesses = _guess(landscape, points, responses)
        answers = landscape.values(guesses)
        for place, neuron in enumerate(neurons):
            best[neuron] = max(responses[:, place].max(), answers[place, neuron])
    return best


def _guess(landscape: Landscape, points: Indices, responses: Floats) -> Indices:
    """Return the points (n, positions) that a ridge regression on code vectors expects most of."""
    assert landscape.space.embedding is not None
    vectors = landscape.space.embedding - landscape.space.embedding.mean(axis=0)
    features = vectors[points].reshape(len(points), -1)
    gram = features.T @ features + _PENALTY * np.eye(features.shape[1])
    weights = np.linalg.solve(gram, features.T @ (responses - responses.mean(axis=0)))
    effects = np.einsum("pdn,kd->npk", weights.reshape(POSITIONS, -1, responses.shape[1]), vectors)
    return np.asarray(effects.argmax(axis=2))
