"""The benchmark's unit of work: one method's search for one group of neurons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.subjects import ChainSpec, ChainSubject
from spikeatlas.tasks.study.digests import digest, json_values
from spikeatlas.tasks.study.latent_space import SpaceSpec
from spikeatlas.tasks.study.setup import Setup
from spikeatlas.tasks.workers.models import GeneratorSource, chain_at

MAIN, SHARING = "main", "sharing"
REFERENCE = "reference"
GRADIENT, NATURAL = "gradient", "natural images"

Neurons = tuple[int, ...]
FREE = SpaceSpec()
WITHOUT_DIGEST = ("knowledge", "space", "naturalness", "margin")
"""Fields of a cell that change no digest, or only where they are not as usual."""
VALUES = 1
"""Version of what a cell's values mean; a new one makes all cells be run again."""


@dataclass(frozen=True)
class Setting:
    """A benchmark's setup and what was made for it: what all cells share, small enough to send to a worker."""

    setup: Setup
    shape: tuple[int, int, int]
    """Of an image: channels, height, width."""
    classes: int
    checkpoints: Mapping[int, tuple[Path, str]]
    """File and digest of each training seed's network."""
    generator: GeneratorSource
    prior: Path | None
    """File of the priors of its codes, where a method uses one."""
    images: str
    """Digest of the training images."""
    store: Path
    """The dataset, from which natural latents are read."""

    def subject(self, training_seed: int) -> ChainSubject:
        """Return one training seed's network."""
        path, digest = self.checkpoints[training_seed]
        spec = self.setup.network
        # a benchmark takes no other
        assert isinstance(spec, ChainSpec)
        return chain_at(path, digest, spec, self.shape, self.classes)

    def noise(self, purpose: str) -> CodingKey:
        """Return the key of a stochastic coding's random numbers."""
        return CodingKey(seed=self.setup.seed, checkpoint="benchmark", purpose=purpose)


@dataclass(frozen=True)
class Cell:
    """One search in lock step for some neurons of one layer of one network."""

    training_seed: int
    layer: str
    group: str
    """``main`` or ``sharing``."""
    neurons: Neurons
    label: str
    """Name of the method here; the reference is called ``reference``."""
    method: str
    knowledge: str
    share: bool
    search_seed: int
    """0, 1, ...: the repeat."""
    budget: int
    options: dict[str, Any] = field(default_factory=dict, hash=False)
    space: SpaceSpec = FREE
    naturalness: float = 0.0
    margin: bool = False

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
        """Return the digest (hex) of all that its values depend on."""
        fields = {name: value for name, value in vars(self).items() if name not in WITHOUT_DIGEST}
        # what is as usual changes no digest: results of before these fields stay good
        if self.space != FREE:
            fields["space"] = json_values(self.space)
        if self.naturalness:
            fields["naturalness"] = self.naturalness
        if self.margin:
            fields["margin"] = True
        setup = setting.setup
        return digest(
            {
                "version": VALUES,
                "cell": fields,
                "network": json_values(setup.network),
                "checkpoint": setting.checkpoints[self.training_seed][1],
                "generator": setting.generator.digest,
                "responder": [setup.responder.batch_size, setup.responder.kind],
                "seed": setup.seed,
                "images": setting.images if self.knowledge == NATURAL else "",
            }
        )
