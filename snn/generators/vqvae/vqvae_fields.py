"""The fields of a vector-quantised autoencoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from spikeatlas.snn.generators.presets import AtLeastOne, Positive, with_preset
from spikeatlas.snn.registry import SPEC, UserPath

# MANGO's VQ-VAE for CIFAR-10 (arXiv 2401.10748)
PUBLISHED: Mapping[str, Any] = {
    "positions": 64,
    "codes": 512,
    "embedding": 64,
    "width": 128,
    "batch_size": 256,
    "lr": 1e-3,
}
"""Fields that ``preset: published`` sets; one that a study names itself stands."""


@dataclass(frozen=True, config=SPEC)
class VQVAEFields:
    """A vector-quantised autoencoder and how it is trained."""

    kind: Literal["vqvae"] = "vqvae"
    """``vqvae``: an image is a square grid of codes out of one codebook."""
    preset: Literal["small", "published"] = "small"
    """``published``: the sizes of MANGO's (64 positions, 512 codes, embedding 64, width 128)."""
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
    lr: Positive = 2e-3
    """Adam's learning rate at the start, falling to zero along a half cosine (> 0)."""
    checkpoint: UserPath | None = None
    """File of a trained generator to load instead of training one."""

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, fields: Any) -> Any:
        return with_preset(fields, PUBLISHED)
