"""Discriminability: telling from one response whether its image shows the preferred class."""

from __future__ import annotations

import numpy as np
import scipy

from spikeatlas.snn.selectivity.contrast import contrast
from spikeatlas.snn.selectivity.tuning import Floats, Mask, Responses, Whole, crosswise


def d_prime(responses: Responses, labels: Whole, first: Mask, classes: int) -> Floats:
    """Discriminability d' of the preferred class against all others (neurons,), cross-validated.

    Difference of the mean responses / square root of the mean of the two (unbiased) variances, in
    standard deviations: 0 is the floor, of a neuron that does not know the class; negative where the
    class preferred in one half drives it less in the other. The class is chosen on one half of the
    images and measured on the other, both ways, averaged. NaN where neither group varies (silent,
    flat or perfectly binary neurons) or one has less than two images.
    Source: Green & Swets 1966, in the form for unequal variances (d_a).
    """
    ways = []
    for preferred, others, other_labels in crosswise(responses, labels, first, classes):
        inside, outside = contrast(others, other_labels, preferred, classes)
        spread = np.sqrt((inside.variance + outside.variance) / 2)
        value = np.full(len(preferred), np.nan)
        np.divide(inside.mean - outside.mean, spread, out=value, where=spread > 0)
        ways.append(value)
    return (ways[0] + ways[1]) / 2


def auc(responses: Responses, labels: Whole, first: Mask, classes: int) -> Floats:
    """Area under the ROC curve of the preferred class against all others (neurons,), cross-validated.

    The probability, 0..1, that an image of the preferred class drives the neuron more than another
    image, ties counted half; 0.5 is the floor (and what silent and flat neurons have). The class is
    chosen on one half of the images and measured on the other, both ways, averaged. NaN where a half
    has no image of the class, or no other.
    Source: Mann & Whitney 1947 (U / (k m), from mid-ranks); Hanley & McNeil 1982 for the area.
    """
    first_way, second_way = (
        _auc(others, other_labels, preferred, classes)
        for preferred, others, other_labels in crosswise(responses, labels, first, classes)
    )
    return (first_way + second_way) / 2


def _auc(responses: Responses, labels: Whole, preferred: Whole, classes: int) -> Floats:
    """Area of each neuron's ``preferred`` class, from the sum of its mid-ranks."""
    member = np.eye(classes)[labels]
    ranks = scipy.stats.rankdata(responses, axis=0) if len(labels) else np.zeros(responses.shape)
    sums = (member.T @ ranks)[preferred, np.arange(len(preferred))]
    inside = member.sum(axis=0)[preferred]
    pairs = inside * (len(labels) - inside)
    area = np.full(len(preferred), np.nan)
    np.divide(sums - inside * (inside + 1) / 2, pairs, out=area, where=pairs > 0)
    return area
