"""Codings, how an image enters a network: one file a member, one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

from torch import Tensor

from spikeatlas.snn.coding.base import (
    STILL,
    ImageCoding,
    Images,
    Presentation,
    first_frames,
    frame_numbers,
)
from spikeatlas.snn.coding.coding_key import CodingKey
from spikeatlas.snn.coding.current import CurrentCoding
from spikeatlas.snn.coding.first_step import FirstStepCoding
from spikeatlas.snn.coding.integrate_and_fire import IntegrateAndFireCoding
from spikeatlas.snn.coding.poisson import PoissonCoding, spike_trains
from spikeatlas.snn.coding.rate_coding import RateCoding
from spikeatlas.snn.coding.signed_poisson import SignedPoissonCoding

Coding = Literal["current", "poisson", "signed-poisson", "integrate-and-fire", "first-step"]
"""``network.coding`` of a study: a name of ``CODINGS``."""

CODINGS: Mapping[Coding, ImageCoding] = {
    "current": CurrentCoding(),
    "poisson": PoissonCoding(),
    "signed-poisson": SignedPoissonCoding(),
    "integrate-and-fire": IntegrateAndFireCoding(),
    "first-step": FirstStepCoding(),
}
"""What each name does, and declares."""


class Encodable(Protocol):
    """A network that images enter, each as its coding says."""

    @property
    def coding(self) -> Coding:
        """Name of its coding."""
        ...

    @property
    def time_steps(self) -> int:
        """Time steps of one showing."""
        ...

    def normalise(self, images: Tensor) -> Tensor:
        """Float32 (n, c, h, w) of uint8 images of that shape."""
        ...


def encode(
    network: Encodable,
    images: Images,
    key: CodingKey | None = None,
    *,
    time_steps: int | None = None,
) -> Tensor:
    """Turn stimuli uint8 (n, c, h, w) into a network's float32 input over time, as its coding does.

    (T, n, c, h, w), or (1, n, c, h, w) of a coding that is constant. ``time_steps``: T if not the network's own.
    ValueError without ``key`` for a coding that is stochastic.

    Sequences of F frames, uint8 (n, F, c, h, w), become (T, n, c, h, w) in any coding: every frame is shown for
    T / F steps. ValueError where T is no multiple of F.
    """
    coding = CODINGS[network.coding]
    if coding.stochastic and key is None:
        raise ValueError(
            f"key is missing: coding {network.coding!r} needs a CodingKey that says which random numbers to "
            "draw; give one, or use coding 'current'."
        )
    steps = time_steps or network.time_steps
    return coding.encode(Presentation(images, network.normalise, steps, key))


__all__ = [
    "CODINGS",
    "STILL",
    "Coding",
    "CodingKey",
    "Encodable",
    "ImageCoding",
    "Presentation",
    "RateCoding",
    "encode",
    "first_frames",
    "frame_numbers",
    "spike_trains",
]
