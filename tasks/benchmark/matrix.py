"""The matrix of a benchmark: methods, reference, sharing and gradient ascent, and the cells that follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le, MinLen
from pydantic import Field
from pydantic.dataclasses import dataclass as spec_dataclass

from spikeatlas.snn.registry import SPEC
from spikeatlas.tasks.benchmark.cells import GRADIENT, MAIN, REFERENCE, SHARING, Cell, Neurons
from spikeatlas.tasks.study.latent_space import SpaceSpec

KnowledgeClass = Literal[
    "space only", "generator prior", "natural images", "recordings", "gradient"
]
"""The knowledge of a method; methods are compared inside one class. ``recordings``: what other neurons answered, and a model's
gradient through the generator."""


@spec_dataclass(frozen=True, config=SPEC)
class MethodSpec:
    """One method of the benchmark."""

    name: str
    """A search method's name."""
    knowledge: Annotated[KnowledgeClass, Field(alias="class")]
    """Its knowledge: ``space only``, ``generator prior``, ``natural images`` or ``recordings``."""
    options: dict[str, Any] | None = None
    """Its options."""
    label: str | None = None
    """Its name in the table, where one method stands there twice; its name if left out."""
    seeds: Annotated[int, Ge(1)] | None = None
    """Repeats; the benchmark's ``seeds`` if left out."""
    share: Annotated[tuple[bool, ...], MinLen(1)] = (True, False)
    """True where neurons use each other's images: run once for each value."""
    space: SpaceSpec = SpaceSpec()
    """The latents it may choose from."""
    naturalness: Annotated[float, Ge(0), Le(1)] = 0.0
    """The weight of typicality beside the response, as ``search.naturalness`` of a study."""
    response: Literal["rate", "margin"] = "rate"
    """What it is told, as ``search.response`` of a study."""
    neurons: Annotated[int, Ge(1)] | None = None
    """Only the first so many of the drawn neurons of each layer (for a dear method)."""
    budget: Annotated[int, Ge(1)] | None = None
    """Images a neuron; the benchmark's ``budget`` if left out."""

    @property
    def title(self) -> str:
        """Its name in tables and figures."""
        return self.label or self.name


@spec_dataclass(frozen=True, config=SPEC)
class ReferenceSpec:
    """The search that all are held against, computed once with many images."""

    name: str = "tt-exp"
    """A search method's name."""
    budget: Annotated[int, Ge(1)] = 10_000
    """Images a neuron."""
    seeds: Annotated[int, Ge(1)] = 1
    """Repeats."""
    share: bool = False
    """True where neurons use each other's images."""
    options: dict[str, Any] | None = None
    """Its options."""


@spec_dataclass(frozen=True, config=SPEC)
class SharingSpec:
    """A larger group of neurons of one layer, for what sharing brings."""

    training_seed: int
    """The network, by its training seed."""
    layer: str
    """The layer, by name."""
    neurons: Annotated[int, Ge(1)] = 64
    """Neurons of the group."""
    methods: tuple[str, ...] = ("screened",)
    """Methods run on it, by their labels, with and without sharing; the reference is run too."""


@spec_dataclass(frozen=True, config=SPEC)
class WaySpec:
    """One way of the gradient guide."""

    way: Literal["relaxed", "swap", "latent"]
    """``relaxed``: Adam on free vectors, re-projected each step; ``swap``: one substitution a step; for
    Gaussian latents, ``latent``: Adam on them."""
    lr: Annotated[float, Field(gt=0)] = 0.1
    """Adam's rate, in deviations of the codebook or of the prior."""
    budget: Annotated[int, Ge(1)] | None = None
    """Images a neuron; the benchmark's ``budget`` if left out."""
    training_seeds: tuple[int, ...] | None = None
    """Only the networks of these (for a dear way); all if left out."""

    @property
    def title(self) -> str:
        """Its name in tables and figures."""
        return f"guide-{self.way}" if self.budget is None else f"guide-{self.way}-{self.budget}"


@spec_dataclass(frozen=True, config=SPEC)
class GuideSpec:
    """The surrogate-gradient ascent that searches are held against; the better of its ways counts."""

    ways: Annotated[tuple[WaySpec, ...], MinLen(1)] = (WaySpec("relaxed"), WaySpec("swap"))
    """The ways it climbs."""
    restarts: Annotated[int, Ge(1)] = 5
    """Climbs that divide the budget."""
    seeds: Annotated[int, Ge(1)] = 1
    """Repeats."""


@spec_dataclass(frozen=True, config=SPEC)
class DuelSpec:
    """One method held against others, neuron by neuron; a line of the table."""

    subject: str
    """The method, by its label, after all its images."""
    rivals: Annotated[tuple[str, ...], MinLen(1)]
    """Methods by their labels; the best of them counts, for each neuron."""
    images: Annotated[int, Ge(1)] | None = None
    """Images a neuron of the rivals; all that they had if left out."""
    share: bool = True
    """True where neurons use each other's images."""
    higher: Annotated[float, Ge(0), Le(1)] | None = None
    """The share of neurons wanted where the subject's response is higher; ties do not count."""
    lower: Annotated[float, Ge(0), Le(1)] | None = None
    """The share of neurons, at most, where it may be lower."""


@spec_dataclass(frozen=True, config=SPEC)
class PursuitSpec:
    """The images that one method needs to come where another ends; a line of the table."""

    subject: str
    """The method, by its label."""
    rival: str
    """The method that is to be reached, by its label."""
    images: Annotated[int, Ge(1)]
    """Images a neuron, at most, in the median."""
    share: bool = True
    """True where neurons use each other's images."""


@dataclass(frozen=True)
class Matrix:
    """The cells of a benchmark, but for the neurons, which are drawn later."""

    training_seeds: tuple[int, ...]
    layers: tuple[str, ...]
    neurons: int
    budget: int
    seeds: int
    methods: tuple[MethodSpec, ...]
    reference: ReferenceSpec | None
    sharing: SharingSpec | None
    guide: GuideSpec | None

    def groups(self) -> list[tuple[int, str, str, int]]:
        """Return (training seed, layer, group, neurons) of every group of neurons."""
        groups = [
            (seed, layer, MAIN, self.neurons)
            for seed in self.training_seeds
            for layer in self.layers
        ]
        if self.sharing and self.sharing.training_seed in self.training_seeds:
            groups.append(
                (self.sharing.training_seed, self.sharing.layer, SHARING, self.sharing.neurons)
            )
        return groups

    def cells(self, neurons: Mapping[tuple[int, str], Neurons]) -> list[Cell]:
        """Return all cells, the dearest first; ``neurons``: of a network's layer, in the order drawn."""
        cells = [
            cell
            for seed, layer, group, count in self.groups()
            for cell in self._of_group(seed, layer, group, neurons[seed, layer][:count])
        ]
        return sorted(cells, key=lambda cell: -cell.images)

    def _of_group(self, seed: int, layer: str, group: str, neurons: Neurons) -> Iterator[Cell]:
        at: dict[str, Any] = {"training_seed": seed, "layer": layer, "group": group}
        for method in self._methods(group):
            for share in method.share if group == MAIN else (True, False):
                for repeat in range(method.seeds or self.seeds):
                    yield Cell(
                        **at,
                        neurons=neurons[: method.neurons],
                        label=method.title,
                        method=method.name,
                        knowledge=method.knowledge,
                        share=share,
                        search_seed=repeat,
                        budget=method.budget or self.budget,
                        options=method.options or {},
                        space=method.space,
                        naturalness=method.naturalness,
                        margin=method.response == "margin",
                    )
        if self.reference:
            yield from self._of_reference(self.reference, at, neurons)
        if self.guide and group == MAIN:
            yield from self._of_guide(self.guide, at, neurons)

    def _methods(self, group: str) -> Iterable[MethodSpec]:
        if group == MAIN or self.sharing is None:
            return self.methods
        return [method for method in self.methods if method.title in self.sharing.methods]

    @staticmethod
    def _of_reference(spec: ReferenceSpec, at: dict[str, Any], neurons: Neurons) -> Iterator[Cell]:
        for repeat in range(spec.seeds):
            yield Cell(
                **at,
                neurons=neurons,
                label=REFERENCE,
                method=spec.name,
                knowledge="space only",
                share=spec.share,
                search_seed=repeat,
                budget=spec.budget,
                options=spec.options or {},
            )

    def _of_guide(self, spec: GuideSpec, at: dict[str, Any], neurons: Neurons) -> Iterator[Cell]:
        for way in spec.ways:
            if at["training_seed"] not in (way.training_seeds or self.training_seeds):
                continue
            for repeat in range(spec.seeds):
                yield Cell(
                    **at,
                    neurons=neurons,
                    label=way.title,
                    method=f"guide-{way.way}",
                    knowledge=GRADIENT,
                    share=False,
                    search_seed=repeat,
                    budget=way.budget or self.budget,
                    options={"way": way.way, "lr": way.lr, "restarts": spec.restarts},
                )
