"""The class selectivity index of images drawn again, and of labels that mean nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.selectivity.tuning import (
    Floats,
    Mask,
    Responses,
    Whole,
    index_of_responses,
)

Singles = npt.NDArray[np.float32]
Draws = dict[int, tuple[Whole | slice, Singles]]
"""For each class with images: rows among a half's responses, and weights (draws, rows) that make means
of them."""
Means = dict[int, Singles]
"""For each class with images: its means (draws, neurons)."""

INTERVAL = 0.95
"""What the intervals cover, and the quantile of the shuffles."""

# class means of one block of neurons: stays in the cache, and keeps memory low
_BLOCK_BYTES = 8 * 2**20
# of a mean, or an index, from sums in float32
_ROUNDING = 1e-5


class IndexInterval(NamedTuple):
    """Percentile interval of each neuron's index."""

    low: Floats
    high: Floats


class Shuffled(NamedTuple):
    """Each neuron's index under labels that mean nothing."""

    mean: Floats
    high: Floats
    """95 % quantile."""
    p: Floats
    """(1 + shuffles with an index at least as high as the real one, or none) / (1 + shuffles)."""


def bootstrap_csi(
    responses: Responses,
    labels: Whole,
    first: Mask,
    classes: int,
    draws: int,
    rng: np.random.Generator,
) -> IndexInterval:
    """95 % interval over images of ``class_selectivity_index``: two (neurons,) in [-1, 1].

    Images are drawn again ``draws`` times, with replacement, within each class of each half, the same
    for all neurons; the class is chosen anew each time. Percentiles of what comes out. An index of
    images drawn again chooses its class with more noise than the real one, so the interval lies a
    little low: with exponential responses and 100 images a class it held 92 to 94 % of true indices
    of 0.33 to 0.78, with 30 it held 88 to 90 %, of 0 all. NaN where the index is.
    Source: Efron & Tibshirani 1993, chapter 13.
    """
    csi = _observed(responses, labels, first, classes, draws)
    draws_of_half = [_resampled(labels[part], draws, rng) for part in (first, ~first)]
    interval = IndexInterval(*np.full((2, len(csi)), np.nan))
    tail = (1 - INTERVAL) / 2
    for neurons, values in _indices(
        responses, first, draws_of_half, np.flatnonzero(~np.isnan(csi))
    ):
        interval.low[neurons], interval.high[neurons] = _quantiles(values, (tail, 1 - tail))
    return interval


def shuffle_csi(
    responses: Responses,
    labels: Whole,
    first: Mask,
    classes: int,
    draws: int,
    rng: np.random.Generator,
) -> Shuffled:
    """``class_selectivity_index`` under shuffled labels, choice of class included: three (neurons,).

    Labels are permuted ``draws`` times within each half, the same for all neurons, so class sizes
    stay. The floor of the index is its mean under shuffling; p, at least 1 / (1 + draws), is that of
    the one-sided permutation test that labels and responses are independent. NaN where the index is.
    Source: Phipson & Smyth 2010 (Stat Appl Genet Mol Biol 9) for p.
    """
    csi = _observed(responses, labels, first, classes, draws)
    draws_of_half = [_shuffled(labels[part], draws, rng) for part in (first, ~first)]
    null = Shuffled(*np.full((3, len(csi)), np.nan))
    for neurons, values in _indices(
        responses, first, draws_of_half, np.flatnonzero(~np.isnan(csi))
    ):
        null.mean[neurons] = _mean(values)
        (null.high[neurons],) = _quantiles(values, (INTERVAL,))
        lower = np.count_nonzero(values < csi[neurons] - _ROUNDING, axis=0)
        null.p[neurons] = (1 + draws - lower) / (1 + draws)
    return null


def _observed(responses: Responses, labels: Whole, first: Mask, classes: int, draws: int) -> Floats:
    """Return the index of the images as they are."""
    if draws < 1:
        raise ValueError(f"draws is {draws}: at least one is needed (200 give usable intervals).")
    return index_of_responses(responses, labels, first, classes)[0]


def _resampled(labels: Whole, draws: int, rng: np.random.Generator) -> Draws:
    """Draw images again within each class, with replacement."""
    rows_and_weights: Draws = {}
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        counts = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=draws)
        rows_and_weights[int(label)] = rows, (counts / len(rows)).astype(np.float32)
    return rows_and_weights


def _shuffled(labels: Whole, draws: int, rng: np.random.Generator) -> Draws:
    """Deal the labels to the images anew."""
    permuted = rng.permuted(np.tile(labels, (draws, 1)), axis=1)
    return {
        int(label): (slice(None), (permuted == label).astype(np.float32) / np.float32(count))
        for label, count in zip(*np.unique(labels, return_counts=True), strict=True)
    }


def _indices(
    responses: Responses, first: Mask, draws_of_half: list[Draws], neurons: Whole
) -> Iterator[tuple[Whole, Singles]]:
    """Block after block of ``neurons``: the index of every draw (draws, neurons of the block).

    They are neurons with an index, so that either half has two classes or more.
    """
    if not len(neurons):
        return
    halves = [responses[part][:, neurons].astype(np.float32) for part in (first, ~first)]
    bytes_each = sum(4 * len(weights) for draws in draws_of_half for _, weights in draws.values())
    size = max(1, _BLOCK_BYTES // bytes_each)
    for start in range(0, len(neurons), size):
        block = slice(start, start + size)
        one, other = (
            {label: weights @ half[rows, block] for label, (rows, weights) in draws.items()}
            for half, draws in zip(halves, draws_of_half, strict=True)
        )
        index: Singles = (_index(one, other) + _index(other, one)) / np.float32(2)
        yield neurons[block], index


def _index(choose: Means, measure: Means) -> Singles:
    """Index (draws, neurons) in ``measure`` of the classes with the highest means in ``choose``."""
    total: Singles = np.sum(list(measure.values()), axis=0)
    best, preferred = np.full_like(total, -np.inf), np.full_like(total, np.nan)
    for label, mean in choose.items():
        # equal means differ by roundings; as in the index, the first of them is chosen
        better = mean > best * np.float32(1 + _ROUNDING)
        best = np.where(better, mean, best)
        preferred = np.where(better, measure.get(label, np.float32(np.nan)), preferred)
    others = (total - preferred) / np.float32(len(measure) - 1)
    index = np.full_like(total, np.nan)
    np.divide(preferred - others, preferred + others, out=index, where=preferred + others > 0)
    return np.clip(index, -1, 1)


def _mean(values: Singles) -> Floats:
    """Mean (neurons,) over the draws that are defined; NaN where none is."""
    count = np.count_nonzero(~np.isnan(values), axis=0)
    total = np.nansum(values, axis=0, dtype=np.float64)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _quantiles(values: Singles, shares: tuple[float, ...]) -> Floats:
    """Quantiles (shares, neurons) over the draws that are defined; NaN where none is."""
    quantiles = np.full((len(shares), values.shape[1]), np.nan)
    unknown = np.isnan(values)
    whole, none = ~unknown.any(axis=0), unknown.all(axis=0)
    quantiles[:, whole] = np.quantile(values[:, whole], shares, axis=0)
    some = ~whole & ~none
    if some.any():
        quantiles[:, some] = np.nanquantile(values[:, some], shares, axis=0)
    return quantiles
