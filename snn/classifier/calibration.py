"""How sure a classifier may be of what it says."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

_TEMPERATURES = (0.1, 10.0)


def fit_temperature(scores: npt.NDArray[np.float64], labels: npt.NDArray[np.integer[Any]]) -> float:
    """The temperature in 0.1..10 with the least cross-entropy (Guo et al. 2017, section 4.2).

    ``scores`` (n, classes) before the softmax, of images with ``labels`` (n,).

    As if one image more had been wrong: with none, no confidence would be too much. 1 for a single class,
    of which anybody may be sure.
    """
    count, classes = scores.shape
    if classes == 1:
        return 1.0
    wrong = 1 / (count + 2)
    targets = np.full(scores.shape, wrong / (classes - 1))
    targets[np.arange(count), labels] = 1 - wrong
    lowest, highest = map(math.log, _TEMPERATURES)
    found = minimize_scalar(
        lambda log: -np.sum(targets * log_softmax(scores / math.exp(log), axis=1)) / count,
        bounds=(lowest, highest), method="bounded", options={"xatol": 1e-6},
    )  # fmt: skip
    return math.exp(found.x)
