"""All measures of one layer at one epoch on natural images, in one call each for neurons and layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.selectivity.discrimination import auc, d_prime
from spikeatlas.snn.selectivity.information import information, rank_bins
from spikeatlas.snn.selectivity.population import dimensionality, signal_correlation
from spikeatlas.snn.selectivity.reliability import split_half
from spikeatlas.snn.selectivity.resampling import bootstrap_csi, shuffle_csi
from spikeatlas.snn.selectivity.significance import selectivity_test
from spikeatlas.snn.selectivity.sparseness import hoyer, treves_rolls
from spikeatlas.snn.selectivity.tuning import (
    MINIMUM_ACTIVE,
    Mask,
    Responses,
    Whole,
    active_images,
    class_means,
    class_selectivity_index,
    half_means,
)


def measure(
    responses: Responses,
    labels: Whole,
    first: Mask,
    classes: int,
    *,
    draws: int,
    rng: np.random.Generator,
) -> dict[str, npt.NDArray[Any]]:
    """Every neuron's measures: arrays (neurons,), float64, ``preferred_class`` int64.

    ``draws`` images and labels are drawn again that often. NaN (class -1) below 20 non-zero
    responses, and where a measure is undefined; p is 1 there, but for neurons that are too silent,
    which are no test at all. What each value means is said by the function that gives it.
    """
    means, active = half_means(responses, labels, first, classes), active_images(responses)
    csi, preferred = class_selectivity_index(means, active)
    interval = bootstrap_csi(responses, labels, first, classes, draws, rng)
    null = shuffle_csi(responses, labels, first, classes, draws, rng)
    binned = rank_bins(responses)
    found = {
        "class_selectivity_index": csi,
        "csi_low": interval.low,
        "csi_high": interval.high,
        "csi_null": null.mean,
        "csi_null_high": null.high,
        "selective_p": selectivity_test(responses, labels, first, classes),
        "lifetime_sparseness": treves_rolls(responses, axis=0),
        "hoyer_sparseness": hoyer(responses, axis=0),
        "d_prime": d_prime(responses, labels, first, classes),
        "auc": auc(responses, labels, first, classes),
        "mutual_information": information(binned, labels, classes),
        "mutual_information_null": information(binned, rng.permutation(labels), classes),
        "split_half_reliability": split_half(means),
    }
    enough = active >= MINIMUM_ACTIVE
    masked = {name: np.where(enough, values, np.nan) for name, values in found.items()}
    return masked | {"preferred_class": preferred}


def population(responses: Responses, labels: Whole, classes: int) -> dict[str, float]:
    """The layer's measures; those of neurons are over the ``active_neurons``, which answer at all.

    ``population_sparseness`` is Treves-Rolls over active neurons, mean over images that drive any.
    """
    active = responses[:, responses.any(axis=0)]
    sparseness = treves_rolls(active, axis=1)
    known = sparseness[~np.isnan(sparseness)]
    return {
        "population_sparseness": float(known.mean()) if len(known) else float("nan"),
        "signal_correlation": signal_correlation(class_means(active, labels, classes)),
        "dimensionality": dimensionality(active),
        "active_neurons": float(active.shape[1]),
    }
