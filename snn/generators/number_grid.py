"""A grid of numbers as a generator: the point is the stimulus."""

from __future__ import annotations

import hashlib
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.generators.base import Generator
from spikeatlas.snn.generators.latent import CodeLatent, Points, check_codes
from spikeatlas.snn.generators.spec import GeneratorSpec, Naturalness
from spikeatlas.snn.registry import SPEC

Finite = Annotated[float, Field(allow_inf_nan=False)]

LEVELS = 32
"""Levels of a number: enough for a stimulus within 2 % of the range of any other, few enough for a search."""


class GridGenerator(Generator):
    """Rows of d numbers, each one of ``levels`` values in equal steps over its range.

    Level k of L is the value round(255 k / (L - 1)) of a stimulus (1, 1, d).
    """

    def __init__(self, dimensions: int, levels: int) -> None:
        super().__init__((1, 1, dimensions), 1)
        self.levels = levels

    @property
    def latent(self) -> CodeLatent:
        """Levels, near ones alike."""
        steps = np.linspace(0, 1, self.levels, dtype=np.float32)[:, None]
        return CodeLatent(self.image_shape[2], self.levels, steps)

    def pixels(self, batch: Tensor) -> Tensor:
        """Values (n, 1, 1, d), 0 to 1, of levels (n, d)."""
        return (batch.to(torch.float64) / (self.levels - 1))[:, None, None]

    def check_points(self, points: Points) -> None:
        """Raise ValueError unless points are whole numbers (n, d), each 0..levels-1."""
        check_codes(points, self.image_shape[2], self.levels)


@dataclass(frozen=True, config=SPEC)
class GridSpec(GeneratorSpec):
    """A grid over observations, or any row of numbers: nothing is learnt, and the point is the stimulus."""

    kind: Literal["grid"]
    """``grid``: a stimulus is a row of numbers, each from a few values in equal steps."""
    low: Annotated[tuple[Finite, ...], Field(min_length=1)]
    """Smallest value of each number: what 0 of a stimulus stands for."""
    high: Annotated[tuple[Finite, ...], Field(min_length=1)]
    """Largest one: what 255 stands for."""
    levels: Annotated[int, Field(ge=2, le=256)] = LEVELS
    """Values of each number, 2 to 256."""
    trained: ClassVar[bool] = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.low) != len(self.high):
            raise ValueError(
                f"low has {len(self.low)} numbers and high {len(self.high)}: give both for each number of a stimulus."
            )
        if any(not low < high for low, high in zip(self.low, self.high, strict=True)):
            raise ValueError(
                f"low is {self.low} and high is {self.high}: each low must be below its high."
            )
        return self

    @property
    def latent(self) -> CodeLatent:
        """Levels of every number."""
        return self.make().latent

    @property
    def differentiable(self) -> bool:
        """No: its levels are no vectors of a codebook."""
        return False

    @property
    def naturalness(self) -> Naturalness:
        """Nothing but the values."""
        return "pixels"

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of its fields: it is made of nothing else."""
        return hashlib.sha256(repr((self.low, self.high, self.levels)).encode()).hexdigest()

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The least and the largest numbers."""
        return self.low, self.high

    def make(self) -> GridGenerator:
        """Make it."""
        return GridGenerator(len(self.low), self.levels).eval()
