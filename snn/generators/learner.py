"""A generator while it learns."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from spikeatlas.snn.generators.base import Generator
from spikeatlas.snn.training.resumable import EpochLearner, Record


class GeneratorLearner(EpochLearner[Record]):
    """A generator that learns epoch by epoch."""

    what: ClassVar[str] = "generator"

    @abstractmethod
    def generator(self) -> Generator:
        """Return what has been learnt so far, ready to decode; training further does not change it."""
