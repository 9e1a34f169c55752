"""The contract of measures of selectivity: a number for each neuron, of its responses to labelled images."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.registry import Contract
from spikeatlas.snn.selectivity.tuning import (
    MINIMUM_ACTIVE,
    Floats,
    Mask,
    Responses,
    Whole,
    active_images,
)

Controls = Mapping[str, npt.NDArray[Any]]


class Quantity(NamedTuple):
    """One array that a measure gives."""

    long_name: str
    """A few words."""
    units: str = "1"
    comment: str = ""
    """All else that is to be said."""


class Measure(Contract, ABC):
    """A measure, as a study names it: a frozen pydantic dataclass with its own fields.

    It is a pure function of responses; all random choices of its controls come from the given generator.
    """

    kind: str

    variable: ClassVar[str]
    """Name of its array, in the atlas too."""
    long_name: ClassVar[str]
    """The measure in a few words."""
    units: ClassVar[str] = "1"
    """Units of the values."""
    comment: ClassVar[str] = ""
    """All else that is to be said, with the range."""
    further: ClassVar[Mapping[str, Quantity]] = {}
    """The arrays that ``controls`` gives, by name."""

    of_shares: ClassVar[bool] = False
    """True for a share of a sum of responses: undefined where they may be below 0, for that is no share."""

    @property
    def quantities(self) -> dict[str, Quantity]:
        """Return all of its arrays, by name."""
        return {self.variable: Quantity(self.long_name, self.units, self.comment), **self.further}

    @abstractmethod
    def __call__(self, responses: Responses, labels: Whole, first: Mask, classes: int) -> Floats:
        """Measure every neuron: (neurons,), NaN where it is undefined.

        ``responses`` (n, neurons) in the layer's unit, below 0 too where that allows it, to images with
        ``labels`` (n,) in 0..classes-1; ``first`` (n,) marks the images of one half, for what is chosen on one
        half and measured on the other.
        """

    def undefined(self, responses: Responses) -> Mask:
        """Tell which neurons (neurons,) have no value, whatever the measure says: 19 answers or fewer."""
        return active_images(responses) < MINIMUM_ACTIVE

    def controls(
        self,
        responses: Responses,
        labels: Whole,
        first: Mask,
        classes: int,
        *,
        draws: int,
        rng: np.random.Generator,
    ) -> Controls:
        """Return what its values are held against, arrays (neurons,): intervals, values of shuffled labels.

        ``draws``: how often images or labels are drawn again, with ``rng``.
        """
        del responses, labels, first, classes, draws, rng
        return {}
