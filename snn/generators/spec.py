"""What a study says about its generator, and what a generator says about its latents."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

AtLeastOne = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid", use_attribute_docstrings=True))
class GeneratorSpec:
    """A generator and how it is trained."""

    kind: Literal["vqvae"] = "vqvae"
    """``vqvae``: an image is a square grid of codes out of one codebook."""
    positions: AtLeastOne = 16
    """Codes an image, g*g for a grid of g x g; image size / g is a power of two."""
    codes: Annotated[int, Field(ge=2)] = 32
    """Entries of the codebook (>= 2)."""
    embedding: AtLeastOne = 16
    """Numbers an entry of the codebook (>= 1)."""
    width: AtLeastOne = 32
    """Channels of the hidden layers (>= 1)."""
    epochs: AtLeastOne = 40
    """Passes through the training images (>= 1)."""
    batch_size: AtLeastOne = 32
    """Images a training step (>= 1)."""
    lr: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 2e-3
    """Adam's learning rate at the start, falling to zero along a half cosine (> 0)."""
    checkpoint: Path | None = None
    """File of a trained generator to load instead of training one."""


@dataclasses.dataclass(frozen=True, eq=False)
class CodeLatent:
    """Latents that are rows of codes: int64 (positions,), each 0..codes-1."""

    positions: int
    codes: int
    codebook: npt.NDArray[np.float32]
    """(codes, embedding): near entries decode to similar patches."""
    kind: Literal["codes"] = "codes"


def allowed_positions(size: int) -> tuple[int, ...]:
    """Return the grids g*g that fit images of size x size pixels: size / g is a power of two."""
    grids = []
    while size >= 1:
        grids.append(size * size)
        if size % 2:
            break
        size //= 2
    return tuple(sorted(grids))


def count_halvings(positions: int, size: int) -> int:
    """How often an image's size is halved to reach the grid: log2(size / g).

    ValueError naming the allowed numbers of positions where the grid does not fit the image.
    """
    allowed = allowed_positions(size)
    if positions not in allowed:
        raise ValueError(
            f"generator.positions is {positions}: images of {size}x{size} pixels allow "
            f"{', '.join(map(str, allowed))} (g*g, where {size} / g is a power of two); choose one "
            "of these or resize the images."
        )
    return (size // math.isqrt(positions)).bit_length() - 1
