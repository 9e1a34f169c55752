"""What a study says about its generator, and what a generator says about its latents."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import ArgsKwargs

AtLeastOne = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_SPEC = ConfigDict(extra="forbid", use_attribute_docstrings=True)

PUBLISHED: Mapping[str, Mapping[str, Any]] = {
    # MANGO's VQ-VAE for CIFAR-10 (arXiv 2401.10748)
    "vqvae": {"positions": 64, "codes": 512, "embedding": 64, "width": 128, "batch_size": 256, "lr": 1e-3},
    # Miyato et al. 2018 for CIFAR-10, 100,000 steps of the decoder on 50,000 images
    "sngan": {
        "dim": 128, "width": 256, "critic_width": 128, "narrowing": 1, "critic_steps": 5, "lr": 2e-4, "critic_lr": 2e-4,
        "epochs": 640,
    },
}  # fmt: skip
"""Fields that ``preset: published`` sets, by kind; a field that a study names itself stands."""


def _with_preset(kind: str, given: Any) -> Any:
    """Fill the fields that the preset sets and nobody named."""
    values = given.kwargs if isinstance(given, ArgsKwargs) else given
    if not isinstance(values, Mapping) or values.get("preset") != "published":
        return given
    filled = {**PUBLISHED[kind], **values}
    return ArgsKwargs(given.args, filled) if isinstance(given, ArgsKwargs) else filled


@dataclass(frozen=True, config=_SPEC)
class VQVAESpec:
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
    checkpoint: Path | None = None
    """File of a trained generator to load instead of training one."""

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, given: Any) -> Any:
        return _with_preset("vqvae", given)


@dataclass(frozen=True, config=_SPEC)
class SNGANSpec:
    """A residual GAN with a spectrally normalised critic and how it is trained."""

    kind: Literal["sngan"]
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
    precision: Literal["bfloat16", "float32"] = "bfloat16"
    """Of convolutions while training: ``bfloat16`` is twice as fast where the processor knows it."""
    checkpoint: Path | None = None
    """File of a trained generator to load instead of training one."""

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, given: Any) -> Any:
        return _with_preset("sngan", given)


@dataclass(frozen=True, config=_SPEC)
class AdapterSpec:
    """A generator of the user's own: a function that says how its latents become pixels."""

    kind: Literal["adapter"]
    """``adapter``: whatever the function at ``adapter`` makes."""
    adapter: Annotated[str, Field(pattern=r"^[\w.]+:\w+$")]
    """Import path ``module:function``; called with ``checkpoint``, it returns an Adapter."""
    checkpoint: Path | None = None
    """File of weights that the function reads, if it needs one."""


def _kind(given: Any) -> str | None:
    """The kind of a section; vqvae where nothing is said."""
    kind = given.get("kind", "vqvae") if isinstance(given, Mapping) else getattr(given, "kind", "")
    return kind if kind in KINDS else None


KINDS = ("vqvae", "sngan", "adapter")

GeneratorSpec: TypeAlias = Annotated[
    Annotated[VQVAESpec, Tag("vqvae")]
    | Annotated[SNGANSpec, Tag("sngan")]
    | Annotated[AdapterSpec, Tag("adapter")],
    Discriminator(
        _kind,
        custom_error_type="generator_kind",
        custom_error_message=f"is not known; allowed: {', '.join(KINDS)}",
    ),
]
"""A generator and how it is trained, by its ``kind``."""


@dataclasses.dataclass(frozen=True, eq=False)
class CodeLatent:
    """Latents that are rows of codes: int64 (positions,), each 0..codes-1."""

    positions: int
    codes: int
    codebook: npt.NDArray[np.float32] | None
    """(codes, embedding): near entries decode to similar patches; None where that is not known."""
    kind: Literal["codes"] = "codes"

    def check(self) -> None:
        """Raise ValueError for a codebook that is not finite or has equal entries: one code, two names."""
        if self.codebook is None:
            return
        if not np.isfinite(self.codebook).all():
            raise ValueError(
                "the codebook holds numbers that are not finite: train the generator again."
            )
        different = len(np.unique(self.codebook, axis=0))
        if different < len(self.codebook):
            raise ValueError(
                f"the codebook has {len(self.codebook)} entries, of which only {different} differ: take out those that "
                "stand twice, or train the generator again."
            )

    @property
    def size(self) -> int:
        """Length of a latent."""
        return self.positions

    @property
    def dtype(self) -> np.dtype[Any]:
        """How latents are stored."""
        return np.dtype(np.int32)


@dataclasses.dataclass(frozen=True)
class GaussianLatent:
    """Latents that are vectors: float32 (dim,), with the prior N(0, I)."""

    dim: int
    kind: Literal["gaussian"] = "gaussian"

    @property
    def size(self) -> int:
        """Length of a latent."""
        return self.dim

    @property
    def dtype(self) -> np.dtype[Any]:
        """How latents are stored."""
        return np.dtype(np.float32)


Latent: TypeAlias = CodeLatent | GaussianLatent


def planned_latent(spec: VQVAESpec | SNGANSpec) -> Latent:
    """The latents of a generator that is not trained yet, as its specification has them."""
    if isinstance(spec, SNGANSpec):
        return GaussianLatent(spec.dim)
    return CodeLatent(spec.positions, spec.codes, None)


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
