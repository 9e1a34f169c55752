"""Class tuning: what a neuron answers to each class, and the selectivity index of that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

MINIMUM_ACTIVE = 20
"""A neuron with fewer non-zero responses has no selectivity, only luck."""

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Responses = npt.NDArray[np.floating[Any]]


def class_means(responses: Responses, labels: Whole, classes: int) -> Floats:
    """Average the responses to each class.

    ``responses`` (n, neurons) to images with ``labels`` (n,) in 0..classes-1. Returns
    (neurons, classes), NaN for a class without images. ValueError where the two do not fit.
    """
    return means_of_sums(class_sums(responses, labels, classes), labels, classes)


def class_sums(responses: Responses, labels: Whole, classes: int) -> Floats:
    """Sum the responses (n, neurons) to the images of each class: (neurons, classes). Errors as ``class_means``."""
    check(responses, labels, classes)
    sums: Floats = responses.astype(np.float64).T @ np.eye(classes)[labels]
    return sums


def means_of_sums(sums: Floats, labels: Whole, classes: int) -> Floats:
    """Divide such sums by how many images there are of each class; NaN for a class without."""
    counts = np.bincount(labels, minlength=classes)
    means: Floats = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return means


def half_means(responses: Responses, labels: Whole, first: Mask, classes: int) -> Floats:
    """Average the responses to each class in either half of the images: (neurons, 2, classes)."""
    check_halves(labels, first)
    return np.stack(
        [class_means(responses[part], labels[part], classes) for part in (first, ~first)], axis=1
    )


def check(responses: Responses, labels: Whole, classes: int) -> None:
    """Refuse, with a ValueError, responses, labels and a number of classes that do not fit."""
    if responses.ndim != 2 or labels.shape != responses.shape[:1]:
        raise ValueError(
            f"responses {responses.shape} and labels {labels.shape} do not fit: responses are "
            "(images, neurons), with one label an image."
        )
    if len(labels) and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(
            f"labels run from {labels.min()} to {labels.max()}: with {classes} classes they must "
            f"lie in 0..{classes - 1}."
        )


def check_halves(labels: Whole, first: Mask) -> None:
    """Refuse, with a ValueError, what marks no half of the images."""
    if first.dtype != np.bool_ or first.shape != labels.shape:
        raise ValueError(
            f"first is {first.dtype} {first.shape}: it must be a boolean mask {labels.shape}, one "
            "value an image (spikeatlas.snn.selectivity.halves makes one)."
        )


def active_images(responses: Responses) -> Whole:
    """Count the images each neuron responds to at all: (n, neurons) -> (neurons,)."""
    counts: Whole = np.count_nonzero(responses, axis=0).astype(np.int64)
    return counts


def ever_negative(responses: Responses) -> Mask:
    """Mark the neurons (neurons,) of responses (n, neurons) with any below 0: shares of a sum say nothing of them."""
    negative: Mask = np.asarray((responses < 0).any(axis=0))
    return negative


def halves(labels: Whole, seed: int = 0) -> Mask:
    """Split images in two at random, every class evenly: mask (n,), True for the first half.

    A class of odd size gives its odd image to the first half, the next such class to the second.
    """
    rng = np.random.default_rng(seed)
    first = np.zeros(len(labels), np.bool_)
    spare = 1
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        odd = len(rows) % 2
        first[rows[: len(rows) // 2 + odd * spare]] = True
        spare ^= odd
    return first


def class_selectivity_index(half_means: Floats, active: Whole) -> tuple[Floats, Whole]:
    """Measure how much more a neuron responds to its preferred class than to the others, cross-validated.

    ``half_means`` (neurons, 2, classes): class means over either half of the images; ``active``
    (neurons,): non-zero responses. Returns csi (neurons,) in [-1, 1] and preferred (neurons,) in
    0..classes-1. The preferred class is chosen on one half and (r_pref - r_other) / (r_pref +
    r_other) measured on the other, r_other the mean over the other classes; both ways, averaged.
    ``preferred`` is chosen on both halves together. NaN and -1 below 20 non-zero responses or where
    a half says nothing (silent, or without an image of the preferred class). NaN, though with a preferred
    class, where a mean is negative: a share of a sum of both signs is no share.
    Source: the class selectivity index of Morcos et al. 2018 (arXiv 1803.06959, section 2.3), whose
    choice of class on the same images makes any noise look selective; hence the two halves.
    """
    first, second = half_means[:, 0], half_means[:, 1]
    csi = (_index(preferred_class(first), second) + _index(preferred_class(second), first)) / 2
    csi[active < MINIMUM_ACTIVE] = np.nan
    negative = (half_means < 0).any(axis=(1, 2)) & (active >= MINIMUM_ACTIVE)
    preferred = preferred_class((first + second) / 2)
    preferred = np.where(np.isnan(csi) & ~negative, -1, preferred)
    return np.where(negative, np.nan, csi), preferred


def index_of_responses(
    responses: Responses, labels: Whole, first: Mask, classes: int
) -> tuple[Floats, Whole]:
    """Return ``class_selectivity_index`` of responses (n, neurons), whose halves ``first`` (n,) tells apart.

    NaN where any response is negative, even if no mean is; the preferred class stays.
    """
    means = half_means(responses, labels, first, classes)
    csi, preferred = class_selectivity_index(means, active_images(responses))
    return np.where(ever_negative(responses), np.nan, csi), preferred


def preferred_class(means: Floats) -> Whole:
    """Class with the highest mean: (neurons, classes) -> (neurons,), the first among equals.

    Classes without images (NaN) do not take part; a silent neuron gets the first class.
    """
    preferred: Whole = np.where(np.isnan(means), -np.inf, means).argmax(axis=1).astype(np.int64)
    return preferred


def crosswise(
    responses: Responses, labels: Whole, first: Mask, classes: int
) -> Iterator[tuple[Whole, Responses, Whole]]:
    """Choose classes on one half of the images to measure them on the other, both ways.

    Yields twice: classes preferred in one half (neurons,), responses and labels of the other half.
    """
    check(responses, labels, classes)
    check_halves(labels, first)
    for choose in (first, ~first):
        preferred = preferred_class(class_means(responses[choose], labels[choose], classes))
        yield preferred, responses[~choose], labels[~choose]


def _index(preferred: Whole, means: Floats) -> Floats:
    """Measure selectivity for a class chosen elsewhere: (neurons,), NaN where undefined."""
    inside = np.take_along_axis(means, preferred[:, None], axis=1)[:, 0]
    present = ~np.isnan(means)
    np.put_along_axis(present, preferred[:, None], values=False, axis=1)
    others = np.where(present, means, 0).sum(axis=1)
    others = np.divide(
        others, present.sum(axis=1), out=np.full(len(means), np.nan), where=present.any(axis=1)
    )
    total = inside + others
    index: Floats = np.full(len(means), np.nan)
    np.divide(inside - others, total, out=index, where=total > 0)
    return index
