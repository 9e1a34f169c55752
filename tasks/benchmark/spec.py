"""What a benchmark file says about methods, reference, sharing and the gradient guide."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from annotated_types import Ge, Le, MinLen
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from spikeatlas.tasks.study.latent_space import SpaceSpec

_SPEC = ConfigDict(extra="forbid", use_attribute_docstrings=True)

Knowledge = Literal["space only", "generator prior", "natural images", "gradient"]
"""What a method knows; methods are compared inside one class."""


@dataclass(frozen=True, config=_SPEC)
class MethodSpec:
    """One method of the benchmark."""

    name: str
    """A search method's name."""
    knowledge: Annotated[Knowledge, Field(alias="class")]
    """What it knows: ``space only``, ``generator prior`` or ``natural images``."""
    options: dict[str, Any] | None = None
    """Its options."""
    label: str | None = None
    """What it is called in the table, where one method stands there twice; its name if left out."""
    seeds: Annotated[int, Ge(1)] | None = None
    """Repeats; the benchmark's ``seeds`` if left out."""
    share: Annotated[tuple[bool, ...], MinLen(1)] = (True, False)
    """Whether neurons use each other's images: run once for each value."""
    space: SpaceSpec = SpaceSpec()
    """Which latents it may choose from."""
    naturalness: Annotated[float, Ge(0), Le(1)] = 0.0
    """How much typicality counts beside the response, as ``search.naturalness`` of a study."""
    neurons: Annotated[int, Ge(1)] | None = None
    """Only the first so many of the drawn neurons of each layer (for a dear method)."""

    @property
    def title(self) -> str:
        """What it is called."""
        return self.label or self.name


@dataclass(frozen=True, config=_SPEC)
class ReferenceSpec:
    """The search that all are held against, computed once with many images."""

    name: str = "tt-exp"
    """A search method's name."""
    budget: Annotated[int, Ge(1)] = 10_000
    """Images a neuron."""
    seeds: Annotated[int, Ge(1)] = 1
    """Repeats."""
    share: bool = False
    """Whether neurons use each other's images."""
    options: dict[str, Any] | None = None
    """Its options."""


@dataclass(frozen=True, config=_SPEC)
class SharingSpec:
    """A larger group of neurons of one layer, for what sharing brings."""

    training_seed: int
    """Which network."""
    layer: str
    """Which layer."""
    neurons: Annotated[int, Ge(1)] = 64
    """Neurons of the group."""
    methods: tuple[str, ...] = ("screened",)
    """Methods run on it, by their labels, with and without sharing; the reference is run too."""


@dataclass(frozen=True, config=_SPEC)
class WaySpec:
    """One way of the gradient guide."""

    way: Literal["relaxed", "swap", "latent"]
    """``relaxed``: Adam on free vectors, re-projected each step; ``swap``: one substitution a step; for
    Gaussian latents, ``latent``: Adam on them."""
    lr: Annotated[float, Field(gt=0)] = 0.1
    """Adam's rate, in deviations of the codebook or of the prior."""


@dataclass(frozen=True, config=_SPEC)
class GuideSpec:
    """The surrogate-gradient ascent that searches are held against; the better of its ways counts."""

    ways: Annotated[tuple[WaySpec, ...], MinLen(1)] = (WaySpec("relaxed"), WaySpec("swap"))
    """How it climbs."""
    restarts: Annotated[int, Ge(1)] = 5
    """Climbs that divide the budget."""
    seeds: Annotated[int, Ge(1)] = 1
    """Repeats."""
