"""Generators of the user's own: a function says how latents become pixels."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from spikeatlas.snn.allowed_code import source_file
from spikeatlas.snn.device import Device
from spikeatlas.snn.generators.base import Generator, Shape, to_pixels
from spikeatlas.snn.generators.latent import (
    CodeLatent,
    GaussianLatent,
    Latent,
    Points,
    check_codes,
    check_vectors,
)
from spikeatlas.snn.generators.spec import GeneratorSpec, Naturalness
from spikeatlas.snn.own_code import load_object
from spikeatlas.snn.registry import SPEC, UserPath
from spikeatlas.snn.sentences import kind_of, reason_of


@dataclasses.dataclass(frozen=True, eq=False)
class Adapter:
    """A generator of a user's own, as Spike Atlas needs to know it."""

    decode: nn.Module | Callable[[Tensor], Tensor]
    """Points (n, d), int64 codes or float32 vectors, to images (n, c, h, w) in the generator's units."""
    latent: Latent
    """What a point is."""
    image_shape: Shape
    """(c, h, w)."""
    mean: tuple[float, ...] = (0.0,)
    """Of each channel (or all): an image in units u has the pixels u * std + mean, 0 black and 1 white."""
    std: tuple[float, ...] = (1.0,)
    """See ``mean``; e.g. mean 0.5 and std 0.5 for a generator that ends in tanh."""
    encode: nn.Module | Callable[[Tensor], Tensor] | None = None
    """Images (n, c, h, w) in the generator's units to points (n, d), for a generator that has a way back."""


class AdaptedGenerator(Generator):
    """An adapter as a generator."""

    def __init__(self, adapter: Adapter) -> None:
        super().__init__(adapter.image_shape, _WIDTH)
        self.adapter = adapter
        # registered, so that its weights are seen and checked
        self.network = adapter.decode if isinstance(adapter.decode, nn.Module) else nn.Identity()

    @property
    def latent(self) -> Latent:
        """Return what a point is."""
        return self.adapter.latent

    def on(self, device: Device) -> AdaptedGenerator:
        """Return itself: a user's function computes where the user has its weights, and takes points of the processor."""
        del device
        return self

    @property
    def device(self) -> torch.device:
        """The processor."""
        return torch.device("cpu")

    @property
    def differentiable(self) -> bool:
        """Tell whether its decode passes a gradient on; the vectors of codes are not known."""
        if isinstance(self.latent, CodeLatent):
            return False
        point = torch.zeros((1, self.latent.size), requires_grad=True)
        with torch.enable_grad():
            return self.pixels(point).requires_grad

    @property
    def encodes(self) -> bool:
        """Tell whether the adapter brings a way back from images."""
        return self.adapter.encode is not None

    def pixels(self, batch: Tensor) -> Tensor:
        """Pixels (n, c, h, w) of points (n, d)."""
        points = batch.long() if isinstance(self.latent, CodeLatent) else batch
        images = self.adapter.decode(points)
        if tuple(images.shape) != (len(batch), *self.image_shape):
            raise ValueError(
                f"the adapter's decode makes {tuple(images.shape)} of {tuple(batch.shape)} points, but its "
                f"image_shape says {(len(batch), *self.image_shape)}: mend the one or the other."
            )
        return images * _column(self.adapter.std) + _column(self.adapter.mean)

    def check_points(self, points: Points) -> None:
        """Raise ValueError for points of another shape, type or range."""
        if isinstance(self.latent, CodeLatent):
            check_codes(points, self.latent.positions, self.latent.codes)
        else:
            check_vectors(points, self.latent.dim)

    def to_points(self, images: Tensor) -> Tensor:
        """Points (n, d) of uint8 images (n, c, h, w)."""
        assert self.adapter.encode is not None
        units = (to_pixels(images) - _column(self.adapter.mean)) / _column(self.adapter.std)
        return self.adapter.encode(units)


@dataclass(frozen=True, config=SPEC)
class AdapterSpec(GeneratorSpec):
    """A generator of the user's own: a function that says how its latents become pixels."""

    kind: Literal["adapter"]
    """``adapter``: whatever the function at ``adapter`` makes."""
    adapter: Annotated[str, Field(pattern=r"^[\w.]+:\w+$")]
    """Import path ``module:function``; called with ``checkpoint``, it returns an Adapter."""
    checkpoint: UserPath | None = None
    """File of weights that the function reads, if it needs one."""
    trained: ClassVar[bool] = False

    @property
    def title(self) -> str:
        """Return the function's field and its path."""
        return f"generator.adapter: {self.adapter}"

    @property
    def latent(self) -> Latent:
        """Return what the adapter says; ValueError where it does not work."""
        return load_adapter(self).latent

    @property
    def encodes(self) -> bool:
        """Tell whether the adapter brings a way back from images."""
        return load_adapter(self).encodes

    @property
    def differentiable(self) -> bool:
        """Tell whether its decode passes a gradient on."""
        return load_adapter(self).differentiable

    @property
    def naturalness(self) -> Naturalness:
        """The length of vectors; a prior of codes where images have codes that form a square."""
        model = load_adapter(self)
        if isinstance(model.latent, GaussianLatent):
            return "norm"
        square = math.isqrt(model.latent.size) ** 2 == model.latent.size
        return "code" if model.encodes and square else "pixels"

    @property
    def sources(self) -> tuple[Path, ...]:
        """The function's file, and the checkpoint it reads."""
        return (adapter_source(self), *([self.checkpoint] if self.checkpoint else []))

    def make(self) -> AdaptedGenerator:
        """Call the function and check what it returns."""
        return load_adapter(self)


# channels of the largest map of an unknown decoder, which sizes its batches
_WIDTH = 64


def load_adapter(spec: AdapterSpec) -> AdaptedGenerator:
    """Call the study's function with ``spec.checkpoint`` (a Path or None) and check what it returns.

    ValueError for a function that is not there, fails, returns something else, or whose decode refuses
    the points that it says it takes.
    """
    make = _function(spec)
    try:
        adapter = make(spec.checkpoint)
    except (Exception, SystemExit) as error:
        raise ValueError(
            f"generator.adapter: {spec.adapter} failed with {reason_of(error)}"
        ) from error
    if not isinstance(adapter, Adapter):
        raise ValueError(  # noqa: TRY004 - a user's mistake, told like any other
            f"generator.adapter: {spec.adapter} returns {kind_of(adapter)}; it must return an "
            "Adapter (spikeatlas.snn.generators.adapter)"
        )
    model = AdaptedGenerator(adapter).eval().requires_grad_(requires_grad=False)
    _try_out(spec, model)
    return model


def adapter_source(spec: AdapterSpec) -> Path:
    """Return the file in which the study's function stands; ValueError where there is none."""
    try:
        return source_file(_function(spec))
    except TypeError:
        raise ValueError(
            f"generator.adapter: {spec.adapter} stands in no file; write a function in a module"
        ) from None


def _function(spec: AdapterSpec) -> Callable[..., Any]:
    try:
        function: Callable[..., Any] = load_object(spec.adapter)
    except ValueError as error:
        raise ValueError(f"generator.adapter: {error}") from None
    return function


def _try_out(spec: AdapterSpec, model: AdaptedGenerator) -> None:
    """Decode two points of the space the adapter says it has."""
    latent = model.latent
    points = torch.zeros(
        (2, latent.size), dtype=torch.int64 if isinstance(latent, CodeLatent) else torch.float32
    )
    if isinstance(latent, CodeLatent):
        points[1] = latent.codes - 1
    try:
        with torch.inference_mode():
            pixels = model.pixels(points)
    except (Exception, SystemExit) as error:
        raise ValueError(
            f"generator.adapter: the decode of {spec.adapter} refuses points of the space it names, "
            f"{latent.kind} of size {latent.size} ({reason_of(error)})"
        ) from error
    if not pixels.isfinite().all():
        raise ValueError(
            f"generator.adapter: the decode of {spec.adapter} makes pixels that are not finite"
        )


def _column(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values)[:, None, None]
