"""The class that a network reads in an image, and its confidence."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import entr

from spikeatlas.snn.selectivity.tuning import Floats, Whole

Probabilities = npt.NDArray[np.floating[Any]]


def class_read(output_rates: npt.NDArray[np.floating]) -> Whole:
    """Class that the output neurons (n, classes) name: the fastest (n,), -1 where none fired."""
    return np.where(output_rates.any(axis=1), output_rates.argmax(axis=1), -1).astype(np.int64)


def relative_perplexity(probabilities: Probabilities) -> Floats:
    """Share of the classes that class probabilities (n, classes) leave open (n,).

    exp(H) / classes with the entropy H in nats (or 2^H in bits: the same), without a unit: 1 / classes
    if one class is sure, m / classes if m are equally likely, 1 if nothing is known (the floor of
    knowledge). NaN for a row with NaN; ValueError for rows that are no probabilities.
    Source: MANGO's measure of specificity (arXiv 2401.10748), with one base of the logarithm.
    """
    return np.exp(_entropy(probabilities)) / probabilities.shape[1]


def mango_relative_perplexity(probabilities: Probabilities) -> Floats:
    """Relative perplexity (n,) as MANGO's code has it: 2^H / 2^(ln classes), with H in nats.

    The entropy in natural logarithms is put to base 2, so one sure class of 10 gives 0.203 and not
    0.1, two equal ones 0.328 and not 0.2; 1 if nothing is known. To compare with its numbers only.
    Source: the code of arXiv 2401.10748.
    """
    perplexity: Floats = np.exp2(_entropy(probabilities) - np.log(probabilities.shape[1]))
    return perplexity


def _entropy(probabilities: Probabilities) -> Floats:
    """Entropy (n,) in nats."""
    values = probabilities.astype(np.float64)
    total = values.sum(axis=1)
    if (values < 0).any() or (np.abs(total - 1) > 1e-3).any():
        raise ValueError(
            f"probabilities run from {np.nanmin(values):g} to {np.nanmax(values):g} and sum to "
            f"{np.nanmin(total):g}..{np.nanmax(total):g} a row: they must be at least 0 and sum to 1."
        )
    entropy: Floats = entr(values / total[:, None]).sum(axis=1)
    return entropy
