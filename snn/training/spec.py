"""What a study says about training."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config=ConfigDict(extra="forbid", use_attribute_docstrings=True))
class TrainingSpec:
    """Surrogate-gradient training with Adam, its rate falling to zero along a half cosine."""

    epochs: Annotated[int, Field(ge=0)] = 5
    """Passes through the training images (0: only the untrained network is kept)."""
    batch_size: Annotated[int, Field(ge=1)] = 16
    """Images a training step (>= 1)."""
    lr: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 2e-3
    """Adam's learning rate at the start (> 0)."""
    labels: Literal["true", "shuffled"] = "true"
    """``shuffled``: a control; every training image keeps one label, drawn from all by the seed, that says
    nothing about it. Accuracy is measured with the true ones."""
    loop: Literal["layers", "steps"] = "layers"
    """Layer after layer, each over all time steps at once; or snnTorch's own loop over the steps, several
    times slower."""
