"""The section of a study about the classifier that judges images."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from spikeatlas.snn.registry import SPEC


@dataclass(frozen=True, config=SPEC)
class ClassifierSpec:
    """A small convolutional network and how it is trained."""

    width: Annotated[int, Field(ge=1)] = 16
    """Channels of the first maps (>= 1); an image has eight times as many features."""
    epochs: Annotated[int, Field(ge=1)] = 14
    """Passes through the training images (>= 1)."""
    batch_size: Annotated[int, Field(ge=2)] = 128
    """Images a training step, at most (>= 2)."""
    lr: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.1
    """Largest learning rate of the gradient descent with momentum (> 0): it rises, then falls to zero."""
    flip: bool = False
    """Whether to mirror images at random: for things that look alike both ways, not for figures."""
    precision: Literal["bfloat16", "float32"] = "bfloat16"
    """Of convolutions while training: ``bfloat16`` is faster where the processor knows it."""
