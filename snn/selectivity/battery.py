"""All measures of one layer at one epoch on natural images, in one call each for neurons and layer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.selectivity.measures import BUILT_IN, Measure
from spikeatlas.snn.selectivity.population import dimensionality, signal_correlation
from spikeatlas.snn.selectivity.sparseness import treves_rolls
from spikeatlas.snn.selectivity.tuning import Mask, Responses, Whole, class_means


def measure(
    responses: Responses,
    labels: Whole,
    first: Mask,
    classes: int,
    *,
    draws: int,
    rng: np.random.Generator,
    measures: Iterable[Measure] = BUILT_IN,
    signed: bool = False,
) -> dict[str, npt.NDArray[Any]]:
    """Measure every neuron: arrays (neurons,), float64, ``preferred_class`` int64.

    ``draws`` images and labels are drawn again that often, measure after measure with one generator. NaN
    (class -1) where a measure is undefined: below 20 non-zero responses, for the built-in ones; p is 1
    where it has nothing to test, but for neurons that are too silent, which are no test at all. What each
    value means is said by the measure that gives it. ``signed``: responses may be below 0 by their unit, and
    shares of their sums are undefined of every neuron. ValueError for values of another shape.
    """
    arrays: dict[str, npt.NDArray[Any]] = {}
    for member in measures:
        undefined = member.undefined(responses) | (signed and member.of_shares)
        values = {member.variable: member(responses, labels, first, classes)}
        values |= member.controls(responses, labels, first, classes, draws=draws, rng=rng)
        for name, array in values.items():
            _check(member, name, array, responses.shape[1])
            arrays[name] = np.where(undefined, np.nan, array) if array.dtype.kind == "f" else array
    return arrays


def _check(member: Measure, name: str, array: npt.NDArray[Any], neurons: int) -> None:
    if array.shape != (neurons,) or name not in member.quantities:
        raise ValueError(
            f"the measure {member.kind} gives {name} of shape {array.shape}: it must be ({neurons},), one value a "
            f"neuron, and one of {', '.join(member.quantities)}"
        )


def population(
    responses: Responses, labels: Whole, classes: int, *, signed: bool = False
) -> dict[str, float]:
    """The layer's measures; those of neurons are over the ``active_neurons``, which answer at all.

    ``population_sparseness`` is Treves-Rolls over active neurons, mean over images that drive any; NaN
    where any response is negative, for the images without one would be an odd choice, or may be (``signed``).
    """
    active = responses[:, responses.any(axis=0)]
    sparseness = treves_rolls(active, axis=1)
    shares = not (signed or bool((active < 0).any()))
    defined = sparseness[~np.isnan(sparseness) & shares]
    return {
        "population_sparseness": float(defined.mean()) if len(defined) else float("nan"),
        "signal_correlation": signal_correlation(class_means(active, labels, classes)),
        "dimensionality": dimensionality(active),
        "active_neurons": float(active.shape[1]),
    }
