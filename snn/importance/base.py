"""The contract of importance: what each neuron counts for what its network does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.registry import SPEC, Contract
from spikeatlas.snn.subjects import Subject


@dataclass(frozen=True, config=SPEC)
class ImportanceSpec(Contract, ABC):
    """A measure of importance, as a study names it; a member adds its fields.

    It says its formula and the formula's source.
    """

    kind: str

    variable: ClassVar[str] = ""
    """Name of its array in the atlas."""
    long_name: ClassVar[str] = ""
    """The measure in a few words."""
    units: ClassVar[str] = "1"
    comment: ClassVar[str] = ""
    """All else that is to be said, with the range."""

    @abstractmethod
    def measure(
        self,
        subject: Subject,
        images: NDArray[np.uint8],
        labels: NDArray[np.int64],
        neurons: Mapping[str, Sequence[int]],
        key: CodingKey,
    ) -> dict[str, NDArray[np.float64]]:
        """Importance (neurons,) of ``neurons``, by layer, the larger the more important.

        ``images`` (n, c, h, w) with ``labels`` (n,) are what the subject does; ``key`` is for a
        stochastic coding. ValueError for an unknown layer, or no image.
        """
