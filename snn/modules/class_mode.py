"""Class mode: the scores of a read-out as a layer that is probed like any other, one neuron a class."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from spikeatlas.snn.layer_info import LayerInfo, Unit

CLASSES = "classes"
"""Name of the layer."""

ClassMode = Literal["probability", "logit"]


def class_layer(classes: int, mode: ClassMode) -> LayerInfo:
    """Return the layer of so many classes: probabilities in [0, 1], or scores without ends.

    A logit may be negative, so measures that are made for rates (silence, sparseness, class selectivity) are undefined.
    """
    if mode == "probability":
        return LayerInfo(classes, (), Unit("probability of the class", top=1.0))
    return LayerInfo(classes, (), Unit("score of the class", top=None, bottom=None))


def class_responses(scores: NDArray[np.float64], mode: ClassMode) -> NDArray[np.float64]:
    """Responses (n, classes) of scores (n, classes): their softmax, or the scores themselves.

    In float32 a probability is exactly 1.0 from a margin of about 17 nats on.
    """
    return softmax(scores, axis=1) if mode == "probability" else scores
