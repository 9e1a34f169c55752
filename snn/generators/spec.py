"""The contract of generators in a study: their latents, what they can tell, and how they are made."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeAlias

from spikeatlas.snn.files import digest_file
from spikeatlas.snn.generators.base import Generator, Images, Shape
from spikeatlas.snn.generators.latent import Latent
from spikeatlas.snn.generators.learner import GeneratorLearner
from spikeatlas.snn.registry import Contract, UserPath

Naturalness: TypeAlias = Literal["critic", "code", "norm", "pixels"]
"""What tells how natural stimuli are: a critic; the prior of the codes; the length of the latents alone;
nothing but the pixels."""

LEAST_IMAGES = 2
"""Fewer teach nothing: of one image a codebook or a critic learns that image."""


class GeneratorSpec(Contract, ABC):
    """A generator, as a study names it: a frozen pydantic dataclass with its own fields.

    One that is trained has ``allocate``, ``begin`` and, for studies that load one, ``checkpoint``; one that
    brings its weights itself is not ``trained`` and has ``sources`` and ``make``.
    """

    kind: str
    trained: ClassVar[bool] = True
    """Whether it is trained here, into a file of ours; otherwise ``make`` makes it of its ``sources``."""
    checkpoint: UserPath | None = None
    """File of a trained generator to load instead of training one."""

    @property
    @abstractmethod
    def latent(self) -> Latent:
        """Return what a point will be. ValueError where that cannot be told."""

    @property
    def encodes(self) -> bool:
        """Tell whether natural images have latents."""
        return False

    @property
    def differentiable(self) -> bool:
        """Tell whether its pixels can be climbed (``Generator.differentiable``)."""
        return True

    @property
    @abstractmethod
    def naturalness(self) -> Naturalness:
        """Return what tells how natural its stimuli are."""

    @property
    def title(self) -> str:
        """Return what a sentence about it begins with: the field that brings it, and its value."""
        if self.checkpoint is not None:
            return f"generator.checkpoint: {self.checkpoint}"
        return f"generator.kind: {self.kind}"

    @property
    def least_images(self) -> int:
        """Training images below which nothing is learnt."""
        return LEAST_IMAGES

    @property
    def sources(self) -> tuple[Path, ...]:
        """Return the files that ``make`` makes it of; none for one that is trained. ValueError where they are missing."""
        return ()

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of its ``sources``, for one that is not trained. ValueError where they are missing."""
        return hashlib.sha256("".join(map(digest_file, self.sources)).encode()).hexdigest()

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
        """Return what 0 and 255 of a stimulus's numbers stand for; None where it is a picture."""
        return None

    def problems(self, images: Images) -> list[str]:
        """Return, in sentences, what keeps it from being trained on ``images`` (n, c, h, w)."""
        if not self.trained:
            return []
        channels, height, width = images.shape[1:]
        return [*self._too_few(len(images)), *self.shape_problems((channels, height, width))]

    def _too_few(self, count: int) -> list[str]:
        if count >= self.least_images:
            return []
        sentence = (
            f"generator: {count} training images are too few to learn from, {self.least_images} are the least; give "
            "more, or lower generator.batch_size"
        )
        return [sentence]

    def shape_problems(self, shape: Shape) -> list[str]:
        """Return, in sentences, what keeps it from making images (c, h, w)."""
        del shape
        return []

    def make(self) -> Generator:
        """Make one that is not trained here, of its ``sources``; ValueError where that fails."""
        raise ValueError(f"generator.kind {self.kind} is trained: there is nothing to make it of")

    def allocate(self, shape: Shape) -> Generator:
        """Make the network of one that is trained, for images (c, h, w), with undefined weights."""
        raise ValueError(f"generator.kind {self.kind} has no network for images of shape {shape}")

    def begin(self, images: Images, seed: int) -> GeneratorLearner[Any]:
        """Make ready to train on ``images`` (n, c, h, w), 0..255; all random choices derive from ``seed``."""
        del images, seed
        raise ValueError(f"generator.kind {self.kind} is not trained: there is nothing to learn")

    @classmethod
    def of_file(cls, fields: dict[str, Any]) -> dict[str, Any]:
        """Return the fields that a file's header holds as they are called now."""
        return fields


def refusal(field: str, call: Callable[[], object]) -> list[str]:
    """Return the sentence, about ``field``, with which ``call`` refuses its input, if it does."""
    try:
        call()
    except ValueError as error:
        sentence = str(error)
        return [sentence if sentence.startswith(field) else f"{field}: {sentence}"]
    return []
