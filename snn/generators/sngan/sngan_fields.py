"""The fields of a GAN with a spectrally normalised critic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from spikeatlas.snn.generators.presets import AtLeastOne, Positive, with_preset
from spikeatlas.snn.registry import SPEC, UserPath

# Miyato et al. 2018 for CIFAR-10, 100,000 steps of the decoder on 50,000 images
PUBLISHED: Mapping[str, Any] = {
    "dim": 128,
    "width": 256,
    "critic_width": 128,
    "narrowing": 1,
    "critic_steps": 5,
    "lr": 2e-4,
    "critic_lr": 2e-4,
    "epochs": 640,
}
"""Fields that ``preset: published`` sets; one that a study names itself stands."""


@dataclass(frozen=True, config=SPEC)
class SNGANFields:
    """A residual GAN with a spectrally normalised critic and how it is trained."""

    kind: Literal["sngan"] = "sngan"
    """``sngan``: an image is a Gaussian vector, N(0, I)."""
    preset: Literal["small", "published"] = "small"
    """``published``: the sizes and rates of Miyato et al. 2018 for CIFAR-10 (days on a few cores)."""
    dim: Annotated[int, Field(ge=2)] = 128
    """Numbers a latent (>= 2)."""
    width: AtLeastOne = 64
    """Channels of the decoder's maps (>= 1)."""
    critic_width: AtLeastOne = 64
    """Channels of the critic's maps (>= 1)."""
    narrowing: AtLeastOne = 2
    """What both widths are divided by in the block next to the pixels, whose maps cost most (>= 1)."""
    critic_steps: AtLeastOne = 1
    """Steps of the critic for each of the decoder's (>= 1)."""
    epochs: AtLeastOne = 12
    """Passes of the critic through the training images (>= 1)."""
    batch_size: Annotated[int, Field(ge=2)] = 64
    """Real images, and as many made ones, a step (>= 2)."""
    lr: Positive = 5e-4
    """Adam's learning rate for the decoder, falling to zero along the last quarter (> 0)."""
    critic_lr: Positive = 4e-4
    """The same for the critic: where its loss falls all the time, the decoder's is too low beside it."""
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.999
    """How much of the running mean of the decoder's weights, which is what is kept, stays at a step."""
    precision: Literal["auto", "bfloat16", "float32"] = "auto"
    """Of convolutions while training: ``bfloat16`` is twice as fast where the processor multiplies in it, and many times slower
    where it does not; ``auto`` asks the processor."""
    checkpoint: UserPath | None = None
    """File of a trained generator to load instead of training one."""

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, fields: Any) -> Any:
        return with_preset(fields, PUBLISHED)
