"""The benchmark's unit of work: one method's search for one group of neurons, and which there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spikeatlas.snn.data import DataSpec
from spikeatlas.snn.generators import GeneratorSpec
from spikeatlas.snn.networks import NetworkSpec
from spikeatlas.tasks.benchmark.spec import GuideSpec, MethodSpec, ReferenceSpec, SharingSpec
from spikeatlas.tasks.study.digests import digest, json_values
from spikeatlas.tasks.study.latent_space import SpaceSpec

MAIN, SHARING = "main", "sharing"
REFERENCE = "reference"
GRADIENT, NATURAL = "gradient", "natural images"

Neurons = tuple[int, ...]
FREE = SpaceSpec()
UNSAID = ("knowledge", "space", "naturalness")
VALUES = 1
"""Version of what a cell's values mean; a new one makes all cells be run again."""


@dataclass(frozen=True)
class Setting:
    """What all cells have in common, small enough to send to a worker."""

    network: NetworkSpec
    shape: tuple[int, int, int]
    classes: int
    checkpoints: Mapping[int, tuple[Path, str]]
    """File and digest of each training seed's network."""
    generator: tuple[GeneratorSpec, Path, str]
    """Specification, file and digest."""
    prior: Path | None
    """File of the priors of its codes, where a method uses one."""
    data: DataSpec
    images: str
    """Digest of the training images."""
    store: Path
    """The dataset, from which natural latents are read."""
    batch_size: int
    kind: str
    memory: int
    seed: int


@dataclass(frozen=True)
class Cell:
    """One search in lock step for some neurons of one layer of one network."""

    training_seed: int
    layer: str
    group: str
    """``main`` or ``sharing``."""
    neurons: Neurons
    label: str
    """What the method is called here; the reference is called ``reference``."""
    method: str
    knowledge: str
    share: bool
    search_seed: int
    """0, 1, ...: the repeat."""
    budget: int
    options: dict[str, Any] = field(default_factory=dict, hash=False)
    space: SpaceSpec = FREE
    naturalness: float = 0.0

    @property
    def name(self) -> str:
        """Its group in the dataset."""
        mode = "shared" if self.share else "alone"
        return f"seed-{self.training_seed}.{self.layer}.{self.group}.{self.label}.{mode}.{self.search_seed}"

    @property
    def images(self) -> int:
        """Images it may evaluate."""
        return self.budget * len(self.neurons)

    def digest(self, setting: Setting) -> str:
        """Digest (hex) of all that its values depend on."""
        said = {name: value for name, value in vars(self).items() if name not in UNSAID}
        # what is as usual changes no digest: results of before these fields stay good
        if self.space != FREE:
            said["space"] = json_values(self.space)
        if self.naturalness:
            said["naturalness"] = self.naturalness
        return digest({
            "version": VALUES,
            "cell": said,
            "network": json_values(setting.network),
            "checkpoint": setting.checkpoints[self.training_seed][1],
            "generator": setting.generator[2],
            "responder": [setting.batch_size, setting.kind],
            "seed": setting.seed,
            "images": setting.images if self.knowledge == NATURAL else "",
        })  # fmt: skip


@dataclass(frozen=True)
class Matrix:
    """Which cells a benchmark consists of, but for the neurons, which are drawn later."""

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
        """(training seed, layer, group, neurons) of every group of neurons."""
        found = [
            (seed, layer, MAIN, self.neurons)
            for seed in self.training_seeds
            for layer in self.layers
        ]
        if self.sharing:
            found.append(
                (self.sharing.training_seed, self.sharing.layer, SHARING, self.sharing.neurons)
            )
        return found

    def cells(self, drawn: Mapping[tuple[int, str], Neurons]) -> list[Cell]:
        """All cells, the dearest first; ``drawn``: the neurons of a network's layer, in drawn order."""
        found = [
            cell
            for seed, layer, group, count in self.groups()
            for cell in self._of_group(seed, layer, group, drawn[seed, layer][:count])
        ]
        return sorted(found, key=lambda cell: -cell.images)

    def _of_group(self, seed: int, layer: str, group: str, neurons: Neurons) -> Iterator[Cell]:
        at: dict[str, Any] = {"training_seed": seed, "layer": layer, "group": group}
        for method in self._methods(group):
            for share in method.share if group == MAIN else (True, False):
                for repeat in range(method.seeds or self.seeds):
                    yield Cell(
                        **at, neurons=neurons[: method.neurons], label=method.title, method=method.name,
                        knowledge=method.knowledge, share=share, search_seed=repeat,
                        budget=self.budget, options=method.options or {}, space=method.space,
                        naturalness=method.naturalness,
                    )  # fmt: skip
        if self.reference:
            yield from self._of_reference(self.reference, at, neurons)
        if self.guide and group == MAIN:
            yield from self._of_guide(self.guide, at, neurons)

    def _methods(self, group: str) -> Iterable[MethodSpec]:
        if group == MAIN or self.sharing is None:
            return self.methods
        return [method for method in self.methods if method.title in self.sharing.methods]

    @staticmethod
    def _of_reference(said: ReferenceSpec, at: dict[str, Any], neurons: Neurons) -> Iterator[Cell]:
        for repeat in range(said.seeds):
            yield Cell(
                **at, neurons=neurons, label=REFERENCE, method=said.name, knowledge="space only",
                share=said.share, search_seed=repeat, budget=said.budget, options=said.options or {},
            )  # fmt: skip

    def _of_guide(self, said: GuideSpec, at: dict[str, Any], neurons: Neurons) -> Iterator[Cell]:
        for way in said.ways:
            for repeat in range(said.seeds):
                yield Cell(
                    **at, neurons=neurons, label=f"guide-{way.way}", method=f"guide-{way.way}",
                    knowledge=GRADIENT, share=False, search_seed=repeat, budget=self.budget,
                    options={"way": way.way, "lr": way.lr, "restarts": said.restarts},
                )  # fmt: skip
