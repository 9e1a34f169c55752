"""Tests of single neurons' selectivity, and corrections for their number."""

from __future__ import annotations

import numpy as np
import scipy

from spikeatlas.snn.selectivity.contrast import Sample, contrast
from spikeatlas.snn.selectivity.tuning import Floats, Mask, Responses, Whole, crosswise


def selectivity_test(responses: Responses, labels: Whole, first: Mask, classes: int) -> Floats:
    """Probability p (neurons,) in 0..1 that a neuron that knows no class looks as selective.

    The preferred class is chosen on one half of the images; on the other half a one-sided Welch t
    test asks whether it drives the neuron more than all other images. Both ways, combined as
    min(1, 2 min(p1, p2)) (Bonferroni), so the choice of class costs nothing and a neuron that knows
    no class has p < 0.05 at most once in twenty. Where neither group varies, their order is tested
    exactly: 1 / binomial(n, k) if all k images of the class drive it more. 1 where undefined (silent
    or flat neurons, groups of less than two images).
    Source: Welch 1947 (Biometrika 34), Satterthwaite's degrees of freedom.
    """
    first_way, second_way = (
        greater(*contrast(others, other_labels, preferred, classes))
        for preferred, others, other_labels in crosswise(responses, labels, first, classes)
    )
    return np.minimum(1, 2 * np.minimum(first_way, second_way))


def q_values(p: Floats) -> Floats:
    """Benjamini-Hochberg q of each p: the lowest false discovery rate at which it is a discovery.

    Any shape, over all values together; NaN stays NaN and does not count as a test.
    Source: Benjamini & Hochberg 1995, which holds for tests that depend positively (Benjamini &
    Yekutieli 2001), as neurons that saw the same images do.
    """
    q = np.full(p.shape, np.nan)
    tested = ~np.isnan(p)
    if tested.any():
        q[tested] = scipy.stats.false_discovery_control(p[tested], method="bh")
    return q


def discoveries(p: Floats, rate: float) -> Mask:
    """Mark the p that are discoveries at a false discovery ``rate`` (0..1): ``q_values`` up to it; NaN is none."""
    if not 0 <= rate <= 1:
        raise ValueError(f"rate is {rate}: a false discovery rate lies in 0..1.")
    accepted: Mask = q_values(p) <= rate
    return accepted


def greater(inside: Sample, outside: Sample) -> Floats:
    """One-sided p (neurons,) of Welch's t test that the first group's mean is the higher.

    Where neither varies, their order is tested exactly (as in ``selectivity_test``); 1 where undefined.
    """
    difference = inside.mean - outside.mean
    errors = [group.variance / np.maximum(group.count, 1) for group in (inside, outside)]
    squared = errors[0] + errors[1]
    p = np.ones(len(difference))
    varies = squared > 0
    t = difference[varies] / np.sqrt(squared[varies])
    parts = [
        error[varies] ** 2 / (group.count[varies] - 1)
        for error, group in zip(errors, (inside, outside), strict=True)
    ]
    p[varies] = scipy.stats.t.sf(t, squared[varies] ** 2 / (parts[0] + parts[1]))
    apart = (squared == 0) & (difference > 0)
    images = inside.count + outside.count
    p[apart] = 1 / scipy.special.binom(images[apart], inside.count[apart])
    return p
