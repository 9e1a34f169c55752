"""The class selectivity index of images drawn again, and of labels that mean nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from snn.selectivity.tuning import (
    Floats,
    Mask,
    Responses,
    Whole,
    active_images,
    check,
    class_selectivity_index,
    half_means,
)

Singles = npt.NDArray[np.float32]

INTERVAL = 0.95
"""What the intervals cover, and the quantile of the shuffles."""

# class means of one block of neurons: stays in the cache, and keeps memory low
_BLOCK_BYTES = 32 * 2**20
# of an index from sums in float32
_ROUNDING = 1e-5


class Interval(NamedTuple):
    """Percentile interval of each neuron's index."""

    low: Floats
    high: Floats


class Shuffled(NamedTuple):
    """Each neuron's index under labels that mean nothing."""

    mean: Floats
    high: Floats
    """95 % quantile."""
    p: Floats
    """(1 + shuffles with an index at least as high as the real one) / (1 + shuffles)."""


def bootstrap_csi(
    responses: Responses,
    labels: Whole,
    first: Mask,
    classes: int,
    draws: int,
    rng: np.random.Generator,
) -> Interval:
    """95 % interval over images of ``class_selectivity_index``: two (neurons,) in [-1, 1].

    Images are drawn again ``draws`` times, with replacement, within each class of each half, the same
    for all neurons; the class is chosen anew each time. Percentiles of what comes out. An index of
    images drawn again chooses its class with more noise than the real one: for a hardly tuned neuron
    the interval lies a little low. NaN where the index is.
    Source: Efron & Tibshirani 1993, chapter 13.
    """
    csi = _observed(responses, labels, first, classes)
    weights = [_drawn_again(labels[part], classes, draws, rng) for part in (first, ~first)]
    low, high = np.full(csi.shape, np.nan), np.full(csi.shape, np.nan)
    tail = (1 - INTERVAL) / 2
    for block, values in _indices(responses, labels, first, weights):
        low[block], high[block] = _quantiles(values, (tail, 1 - tail))
    return Interval(*(np.where(np.isnan(csi), np.nan, end) for end in (low, high)))


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
    csi = _observed(responses, labels, first, classes)
    weights = [_shuffled(labels[part], classes, draws, rng) for part in (first, ~first)]
    found = Shuffled(*np.full((3, len(csi)), np.nan))
    for block, values in _indices(responses, labels, first, weights):
        found.mean[block] = values.mean(axis=0, dtype=np.float64)
        (found.high[block],) = _quantiles(values, (INTERVAL,))
        at_least = np.count_nonzero(values >= csi[block] - _ROUNDING, axis=0)
        found.p[block] = (1 + at_least) / (1 + draws)
    return Shuffled(*(np.where(np.isnan(csi), np.nan, each) for each in found))


def _observed(responses: Responses, labels: Whole, first: Mask, classes: int) -> Floats:
    """The index of the images as they are."""
    check(responses, labels, classes)
    means = half_means(responses, labels, first, classes)
    return class_selectivity_index(means, active_images(responses))[0]


def _drawn_again(labels: Whole, classes: int, draws: int, rng: np.random.Generator) -> Singles:
    """Weights (classes, draws, n) whose products with responses are means of images drawn again."""
    weights = np.zeros((classes, draws, len(labels)), np.float32)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        counts = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=draws)
        weights[label][:, rows] = counts / len(rows)
    return weights


def _shuffled(labels: Whole, classes: int, draws: int, rng: np.random.Generator) -> Singles:
    """Weights (classes, draws, n) whose products with responses are class means of shuffled labels."""
    permuted = rng.permuted(np.tile(labels, (draws, 1)), axis=1)
    counts = np.bincount(labels, minlength=classes)
    member = permuted == np.arange(classes)[:, None, None]
    return (member / np.maximum(counts, 1)[:, None, None]).astype(np.float32)


def _indices(
    responses: Responses, labels: Whole, first: Mask, weights: list[Singles]
) -> Iterator[tuple[slice, Singles]]:
    """Block after block of neurons: the index of every draw (draws, neurons)."""
    classes, draws, _ = weights[0].shape
    present = [np.isin(np.arange(classes), labels[part]) for part in (first, ~first)]
    halves = [responses[part].astype(np.float32) for part in (first, ~first)]
    size = max(1, _BLOCK_BYTES // (2 * classes * draws * 4))
    for start in range(0, responses.shape[1], size):
        block = slice(start, start + size)
        means = [
            (weight.reshape(classes * draws, -1) @ half[:, block]).reshape(classes, draws, -1)
            for weight, half in zip(weights, halves, strict=True)
        ]
        index = _index(means[0], means[1], present[0], present[1])
        index += _index(means[1], means[0], present[1], present[0])
        index /= 2
        yield block, index


def _index(choose: Singles, measure: Singles, in_choose: Mask, in_measure: Mask) -> Singles:
    """Index (draws, neurons) of the classes highest in ``choose`` (classes, draws, neurons)."""
    shape = choose.shape[1:]
    best, chosen = np.full(shape, -np.inf, np.float32), np.full(shape, np.nan, np.float32)
    for label in np.flatnonzero(in_choose):
        value = measure[label] if in_measure[label] else np.float32(np.nan)
        chosen = np.where(choose[label] > best, value, chosen)
        np.maximum(best, choose[label], out=best)
    count = int(in_measure.sum())
    others = (measure[in_measure].sum(axis=0) - chosen) / max(count - 1, 1)
    total = chosen + others
    index = np.full(shape, np.nan, np.float32)
    if count > 1:
        np.divide(chosen - others, total, out=index, where=total > 0)
    return np.clip(index, -1, 1)


def _quantiles(values: Singles, shares: tuple[float, ...]) -> Floats:
    """Quantiles (shares, neurons) over the draws that are defined; NaN where none is."""
    found = np.full((len(shares), values.shape[1]), np.nan)
    unknown = np.isnan(values)
    whole, none = ~unknown.any(axis=0), unknown.all(axis=0)
    found[:, whole] = np.quantile(values[:, whole], shares, axis=0)
    some = ~whole & ~none
    if some.any():
        found[:, some] = np.nanquantile(values[:, some], shares, axis=0)
    return found
