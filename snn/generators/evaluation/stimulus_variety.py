"""StimulusVariety of what a generator makes: one that collapsed makes one image of whatever it is given."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.generators.base import Generator, Images
from spikeatlas.snn.generators.latent import CodeLatent, Latent, Points

DRAWS = 256
"""Points that are drawn to see what a generator makes."""

LEAST_IMAGES = 3
"""Different images among so many draws, below which a generator makes nearly one."""

LEAST_SPREAD = 1e-3
"""Variance of what it makes, as a part of that of training images, below which all of it looks the same."""


@dataclasses.dataclass(frozen=True)
class StimulusVariety:
    """The variety of a generator's images, and how well it copies."""

    draws: int
    """Points that were decoded."""
    images: float
    """Different images among them, as many equally frequent ones would be: exp(entropy), 1..draws."""
    spread: float
    """Variance among them, over that among training images, means over pixels; 0: all are alike."""
    reconstruction_error: float | None
    """Mean squared error of test images that went through it / variance of their pixels; None: it has no way back."""

    @property
    def collapsed(self) -> bool:
        """True where nearly all that is made is one image."""
        return self.images < LEAST_IMAGES or self.spread < LEAST_SPREAD

    @property
    def problem(self) -> str | None:
        """Say that the generator has collapsed; None where it has not."""
        if not self.collapsed:
            return None
        count = f"{self.images:.0f}" if self.images < LEAST_IMAGES else "nearly the same"
        noun = "different image" if round(self.images) == 1 else "different images"
        outcome = (
            f"only {count} {noun}"
            if self.images < LEAST_IMAGES
            else f"{count} image again and again"
        )
        return f"the generator has collapsed: of {self.draws} latents it makes {outcome}"

    @property
    def doubt(self) -> str | None:
        """Say that the generator copies test images worse than grey does; None where it copies better, or not at all."""
        if self.reconstruction_error is None or self.reconstruction_error <= 1:
            return None
        return (
            f"the generator copies test images worse than one mean grey would (error {self.reconstruction_error:.3g} of "
            "their variance), so its stimuli look little like them: train it longer, or with another generator.lr"
        )


def measure_variety(
    model: Generator, points: Points, train: Images, test: Images, batch_size: int = 256
) -> StimulusVariety:
    """Decode ``points`` (n, d), and hold the images against training and test images (n, c, h, w), uint8."""
    images = model.decode(points, batch_size)
    error = None
    if model.encodes:
        real = test[:DRAWS]
        copies = model.decode(model.encode(real, batch_size), batch_size)
        error = _squared_error(copies, real) / max(float(real.var(dtype=np.float64)), 1.0)
    return StimulusVariety(
        len(images),
        _different(images, model.latent),
        _spread(images) / _spread(train[:DRAWS]),
        error,
    )


def _squared_error(one: Images, two: Images) -> float:
    return float(np.square(one.astype(np.float64) - two).mean())


def _different(images: Images, latent: Latent) -> float:
    """Return exp(entropy) of the images that are equal; of a space with few points, that alone is no collapse."""
    if isinstance(latent, CodeLatent) and latent.codes**latent.positions <= 2 * LEAST_IMAGES:
        return float(LEAST_IMAGES)
    _, counts = np.unique(images.reshape(len(images), -1), axis=0, return_counts=True)
    share: npt.NDArray[np.float64] = counts / len(images)
    return float(np.exp(-(share * np.log(share)).sum()))


def _spread(images: Images) -> float:
    """Variance of each pixel among images, mean over pixels; no less than that of a grey level of two."""
    return max(float(images.var(axis=0, dtype=np.float64).mean()), 1e-9)
